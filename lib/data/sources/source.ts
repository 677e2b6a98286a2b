// What a text source is to whoever reads from it: its description, its documents, and what a check
// of it found. How the text gets onto this machine is each reader's business (the other files of
// this folder).

import { type Reporter } from '../../base/progress';

/** What kind of text a source holds; the paper's three: PG-19, GitHub, ArXiv. */
export type Modality = 'books' | 'code' | 'papers';

/** One text of a source. */
export interface TextDocument {
  /** Unique in its source and the same on every machine. */
  readonly id: string;
  readonly title: string;
  /** Lines end in `\n` alone. */
  readonly text: string;
}

/** What the registry says of a source. */
export interface SourceInfo {
  readonly name: string;
  readonly modality: Modality;
  readonly title: string;
  /** What one document is. */
  readonly document: string;
  readonly licence: string;
  /** The package, or the addresses in the order in which they are tried. */
  readonly origin: string;
  readonly version: string;
  /**
   * SHA-256 as lower-case hex (of what: see datasets/README.md); null if only the first download
   * can tell.
   */
  readonly checksum: string | null;
  /** Size of the text, or of what is downloaded. */
  readonly bytes: number;
  /** What getting it takes: nothing but the installed packages, Debian's apt, or a download. */
  readonly needs: 'package' | 'apt' | 'download';
}

/** A source whose text is on this machine and checked. */
export interface PreparedSource {
  readonly info: SourceInfo;
  /** SHA-256 of the text in use; part of a run's identity. */
  readonly checksum: string;
  /** Whether `checksum` is the one the registry pins. */
  readonly pinned: boolean;
  /** The documents, one at a time, always in the same order. */
  documents(): AsyncIterable<TextDocument>;
}

/** What a check of a source found. */
export interface SourceReport {
  readonly name: string;
  /** `unpinned`: whole, but of another version than the registry pins. */
  readonly status: 'ok' | 'unpinned' | 'missing' | 'corrupt';
  /** One line for a reader. */
  readonly detail: string;
}

/** Where sources live and who is told of progress; every field has a default. */
export interface SourceOptions {
  readonly reporter?: Reporter;
  /** Where downloads are kept; default `cache` in `datasetsFolder`. */
  readonly cacheFolder?: string;
  /** The registry; default the one in `datasetsFolder`. Files it names stand beside it. */
  readonly registryFile?: string;
  /** Where installed packages are; default `node_modules`. */
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

/** How one source is read; what each reader of this folder gives. */
export interface SourceReader {
  /** Brings the text onto this machine if it is not, and checks it; quick where that is done. */
  prepare(): Promise<{ readonly checksum: string; readonly pinned: boolean }>;
  /** The documents of a prepared source. */
  documents(): AsyncIterable<TextDocument>;
  /** Recomputes every checksum; fetches nothing, changes nothing. */
  inspect(): Promise<Omit<SourceReport, 'name'>>;
}
