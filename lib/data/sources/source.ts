// The interface of text sources: a source's description, its documents, and the result of a check.
// Each reader (the other files of this folder) brings its text onto this machine in its own way.

import { type Reporter } from '../../base/progress';

/** Kind of text; the paper's three are PG-19, GitHub, ArXiv. */
export type Modality = 'books' | 'code' | 'papers';

/** A text of a source. */
export interface TextDocument {
  /** Unique in its source and the same on every machine. */
  readonly id: string;
  readonly title: string;
  /** Lines end in `\n` alone. */
  readonly text: string;
}

/** The registry's description of a source. */
export interface SourceInfo {
  readonly name: string;
  readonly modality: Modality;
  readonly title: string;
  /** Kind of its documents. */
  readonly document: string;
  readonly licence: string;
  /** The package, or the addresses in the order of attempts. */
  readonly origin: string;
  readonly version: string;
  /**
   * SHA-256 as lower-case hex (datasets/README.md says of what); null if known only after the first
   * download.
   */
  readonly checksum: string | null;
  /** Size of the text, or of what is downloaded. */
  readonly bytes: number;
  /** Requirements: only the installed packages, Debian's apt, or a download. */
  readonly needs: 'package' | 'apt' | 'download';
}

/** A source whose text is present and checked. */
export interface PreparedSource {
  readonly info: SourceInfo;
  /** SHA-256 of the text in use; part of a run's identity. */
  readonly checksum: string;
  /** True if `checksum` is pinned by the registry. */
  readonly pinned: boolean;
  /** The documents, one at a time, always in the same order. */
  documents(): AsyncIterable<TextDocument>;
}

/** Result of a check of a source. */
export interface SourceReport {
  readonly name: string;
  /** `unpinned`: complete, but of another version than the registry pins. */
  readonly status: 'ok' | 'unpinned' | 'missing' | 'corrupt';
  /** One line for a reader. */
  readonly detail: string;
}

/** Folders of sources, and the receiver of progress; every field has a default. */
export interface SourceOptions {
  readonly reporter?: Reporter;
  /** Folder of downloads; default `cache` in `datasetsFolder`. */
  readonly cacheFolder?: string;
  /** The registry; default the one in `datasetsFolder`. Files it names are beside it. */
  readonly registryFile?: string;
  /** Folder of installed packages; default `node_modules`. */
  readonly packagesFolder?: string;
  /**
   * Environment variables: `BIPE_DATASETS`, `BIPE_MIRROR_*`, proxies, `PATH`; default those of the
   * process.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** `SourceOptions` with every default filled in. */
export interface SourceContext extends Required<SourceOptions> {
  readonly info: SourceInfo;
}

/** A reader of one source; each file of this folder makes one. */
export interface SourceReader {
  /** Makes the text present, unless it is, and checks it; quick if that is done. */
  prepare(): Promise<{ readonly checksum: string; readonly pinned: boolean }>;
  /** The documents of a prepared source. */
  documents(): AsyncIterable<TextDocument>;
  /** Recomputes every checksum; fetches nothing, changes nothing. */
  inspect(): Promise<Omit<SourceReport, 'name'>>;
}
