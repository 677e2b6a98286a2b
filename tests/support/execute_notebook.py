"""Executes a notebook as nbconvert does and prints it with its outputs, also where a cell has failed."""

import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

path, folder, timeout = sys.argv[1:]
notebook = nbformat.read(path, as_version=4)
client = NotebookClient(
    notebook, timeout=float(timeout), kernel_name="bipe", resources={"metadata": {"path": folder}}
)
status = 0
try:
    client.execute()
except CellExecutionError:
    status = 1
json.dump(notebook, sys.stdout)
sys.exit(status)
