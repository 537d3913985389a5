// The program beside itself, in a folder where a test may put other plugins: folders are found by
// their names, so a bad one must lie among the others. Plugins from outside need no copy of it
// (plugin-folder.ts).

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanup, WatchedProcess } from './server-process.ts'
import { ROOT } from './source-files.ts'

const COPIED = ['src', 'workers', 'package.json']

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export class ProgramCopy {
  /** Its src, workers and so on. */
  readonly folder = mkdtempSync(join(tmpdir(), 'shardns-copy-'))

  /** Gone after the test. */
  constructor(t: Cleanup) {
    t.after(() => rmSync(this.folder, { recursive: true }))
    for (const path of COPIED)
      cpSync(join(ROOT, path), join(this.folder, path), {
        recursive: true,
        filter: source => !source.endsWith('.test.ts'),
      })
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'))
  }

  /** In place of what a plugin's folder held: texts by the names of files. */
  plugin(name: string, files: Readonly<Record<string, string>>): void {
    const folder = join(this.folder, 'src/plugins', name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  }

  /** The server, with one shard. `file` is the Corefile's name. */
  start(t: Cleanup, corefile: string, file: string): WatchedProcess {
    writeFileSync(join(this.folder, file), corefile)
    const args = ['src/cli.ts', '-conf', file, '--workers', '1']
    return new WatchedProcess(t, process.execPath, args, this.folder)
  }

  /** A command line whose end is waited for elsewhere. */
  begin(t: Cleanup, corefile: string, file: string, ...args: string[]): WatchedProcess {
    writeFileSync(join(this.folder, file), corefile)
    return new WatchedProcess(t, process.execPath, ['src/cli.ts', ...args, file], this.folder)
  }

  /** A command line that comes to an end. The Corefile is `Corefile` in its folder. */
  run(corefile: string, ...args: string[]): Ran {
    writeFileSync(join(this.folder, 'Corefile'), corefile)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli.ts', ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      timeout: 60_000,
    })
    return { code: status, out: stdout, err: stderr }
  }
}
