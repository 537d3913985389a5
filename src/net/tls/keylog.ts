// The secrets of TLS sessions, appended to a file for programs that are to decrypt what was
// captured.

import { appendFileSync } from 'node:fs'

/** Lines of the files that are told of: the NSS key log format, which Node's lines have. */
export const appendSecrets = (paths: readonly string[], line: Uint8Array): void => {
  for (const path of paths) {
    try {
      appendFileSync(path, line, { mode: 0o600 })
    } catch {
      // A full disk is no reason to answer nobody. Main has said at the load if it cannot be
      // written.
    }
  }
}
