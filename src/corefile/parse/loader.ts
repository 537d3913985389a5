// The interface by which imports read files. The caller implements it, on a file system or in
// memory.

export interface Loader {
  /** The file as text. Throws an Error with the reason, such as `open /a/b: permission denied`. */
  readFile(path: string): string
  /** Undefined if there is nothing at that path. A broken link is a file. */
  kindOf(path: string): 'file' | 'directory' | undefined
  /** Names in a folder, in any order; none if it cannot be read. */
  listDir(path: string): string[]
}
