# Jupyter's configuration under `npm start`. Notebooks in notebooks/ belong to the project; the reader
# works on copies, in the folder that BIPE_WORK names. JupyterLab does not list the originals, and a
# link to one (or a tab that an earlier version left open) leads to its copy.
import os

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

originals = "notebooks"
copies = os.environ.get("BIPE_WORK", "")


class Copies(AsyncLargeFileManager):
    def _get_os_path(self, path):
        folder, slash, rest = path.strip("/").partition("/")
        return super()._get_os_path(copies + slash + rest if folder == originals else path)

    async def _dir_model(self, path, content=True):
        model = await super()._dir_model(path, content)
        if content and path.strip("/") == "":
            model["content"] = [entry for entry in model["content"] if entry["name"] != originals]
        return model


# Empty with --originals.
if copies:
    c.ServerApp.contents_manager_class = Copies
