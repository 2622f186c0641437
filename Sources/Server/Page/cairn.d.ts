/** Uploads to a Cairn server; spec/javascript.md tells more. Lengths and offsets are in bytes. */

/** What can be uploaded: a `File`, a `Blob`, or anything that gives its bytes in slices. */
export interface Source {
  readonly size: number
  readonly name?: string
  readonly type?: string
  /** Milliseconds since 1970. With a name it makes the file found again without an id. */
  readonly lastModified?: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

/** A cache of digests: a `Map`, or the same over a database. Values are text. */
export interface DigestCache {
  get(key: string): string | undefined | null | Promise<string | undefined | null>
  set(key: string, entries: string): unknown
}

export type Phase = 'hashing' | 'sending' | 'waiting' | 'finishing' | 'done'

export interface Progress {
  phase: Phase
  /** The upload's id, to resume it by; null before the server said it. */
  id: string | null
  length: number
  /** Bytes read and digested here. */
  hashed: number
  /** Bytes that the server has acknowledged; below `length` until it said that the file is complete. */
  acknowledged: number
  /** Bytes of bodies that have left and are not acknowledged. */
  inFlight: number
  /** Bytes of the file that travelled and were acknowledged. */
  sent: number
  /** Bytes that the server had, and that need not travel. */
  known: number
  /** While waiting: why, and until when (milliseconds since 1970; null as long as there is no network). */
  reason: string | null
  retryAt: number | null
}

export interface ServerOptions {
  /** The server's base address; empty or `/` is this origin. */
  url?: string
  /** A token or an upload link, sent as `Authorization: Bearer`; never as a part of an address. */
  token?: string
  signal?: AbortSignal
}

export interface UploadOptions extends ServerOptions {
  /** What the file is called, if not by its own name. */
  name?: string
  /** Its media type, if not its own. */
  type?: string
  /** The id of an upload that was begun before. */
  resume?: string
  onprogress?: (state: Progress) => void
  /** Requests that bring bytes at a time, 1 to 16; 3 unless told. */
  connections?: number
  digests?: DigestCache
  /** Tries in a row that may fail without progress; 30 unless told. */
  tries?: number
}

export interface Receipt {
  id: string
  url: string
  contentId: string
  length: number
  sent: number
  known: number
}

export interface UploadState {
  id: string
  state: 'open' | 'complete'
  offset: number
  length: number | null
  prefix: string
  chunkSize: number | null
  entries: number
  contentId: string | null
  name: string | null
  type: string | null
  created: string
  expires: string | null
  url: string
}

export interface StoredFile {
  id: string
  url: string
  name: string | null
  type: string | null
  length: number
  contentId: string
  created: string
}

/** What a server can do. */
export interface Capabilities {
  cairn: 1
  dialects: string[]
  chunkSize: number
  dedup: 'trust' | 'prove' | 'off'
  limits: Record<string, number>
  /** Who it takes the caller for; absent where nobody is asked. */
  caller?: {
    /** Null for the holder of a link. */
    principal: string | null
    namespace: string | null
    rights: ('put' | 'get' | 'list' | 'delete' | 'admin')[]
    /** When the token, or the link, counts no more; null when it always does. */
    expires: string | null
    link: { length: number, types: string[], state: 'unused' | 'open' | 'complete' } | null
  }
}

export interface ReadOptions extends ServerOptions {
  onprogress?: (state: { phase: 'hashing', length: number, hashed: number }) => void
  /** Tries in a row that may fail; 30 unless told. */
  tries?: number
}

export interface HashingOptions {
  /** A power of two from 65,536 to 16,777,216; 4 MiB unless told. */
  chunkSize?: number
  signal?: AbortSignal
  onprogress?: (state: { phase: 'hashing', length: number, hashed: number }) => void
}

export function upload(file: Source, options?: UploadOptions): Promise<Receipt>
export function cancel(id: string, options?: ServerOptions): Promise<void>
export function list(options?: ServerOptions): Promise<StoredFile[]>
export function capabilities(options?: ServerOptions): Promise<Capabilities>
export function read(id: string, options?: ReadOptions): AsyncGenerator<Uint8Array>
export function status(id: string, options?: ServerOptions): Promise<UploadState>
export function contentIdOf(file: Source, options?: HashingOptions): Promise<string>
export function verify(file: Source | null, id: string, options?: ServerOptions & HashingOptions): Promise<boolean>

/** What a server refused, or what is wrong with the file. */
export class CairnError extends Error {
  constructor(problem: {
    status?: number, type: string, title: string, detail?: string, retryable?: boolean, cause?: unknown
  })
  /** Of the answer; 0 when there was none. */
  readonly status: number
  /** The last piece of the problem's type: `too-large`; or `file-changed`, `garbled`, `other-content`, `unreachable`. */
  readonly type: string
  readonly title: string
  /** Whether the same may succeed later. */
  readonly retryable: boolean
}

/** The tree of spec/prefix-digest.md, as it grows. */
export class ContentTree {
  append(digest: Uint8Array, length: number): void
  root(): Uint8Array
}
export function leafOf(digest: Uint8Array, length: number): Uint8Array
export function crc32c(bytes: Uint8Array): number
export function missingIndices(missing: { ranges?: string, bitmap?: string }, index: number, count: number): number[]
export function parseManifest(bytes: Uint8Array): {
  chunkSize: number, isRagged: boolean, length: number, contentId: string,
  entries: { digest: Uint8Array, length: number }[],
}
