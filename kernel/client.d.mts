// Types of client.mjs, for the tests.

export interface KernelOptions {
  /** Folder of the project whose kernel is started; by default this one. */
  root?: string;
  /** Folder of the notebook; `notebooks` by default. */
  folder?: string;
}

/** A message to all clients. */
export interface Published {
  type: string;
  content: Record<string, unknown>;
  metadata: Record<string, unknown>;
  buffers: Buffer[];
}

export interface KernelFailure {
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface CellRun {
  reply: Record<string, unknown>;
  /** Grows if the cell writes after its end. */
  published: Published[];
  stdout: string;
  stderr: string;
  /** The last expression's value, one entry for each MIME type. */
  result: Record<string, unknown> | undefined;
  error: KernelFailure | undefined;
  displays: Published[];
}

export interface ExecuteOptions {
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
  /** JupyterLab sends `{ cellId }`. */
  metadata?: Record<string, unknown>;
  /** Called with each message as it arrives. */
  onPublished?: (message: Published) => void;
}

export type Channel = 'shell' | 'control';

export function startKernel(options?: KernelOptions): Promise<KernelClient>;

export class KernelClient {
  /** Id of the kernel's process. */
  readonly pid: number;
  exchange(
    type: string,
    content: Record<string, unknown>,
    options?: {
      channel?: Channel;
      onPublished?: (message: Published) => void;
      metadata?: Record<string, unknown>;
    },
  ): Promise<{ reply: Record<string, unknown>; published: Published[] }>;
  request(
    type: string,
    content: Record<string, unknown>,
    channel?: Channel,
  ): Promise<Record<string, unknown>>;
  execute(code: string, options?: ExecuteOptions): Promise<CellRun>;
  interrupt(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}
