/** What root does in the data partition, part of which the server may have laid: board/root/usr/lib/porchlight/disk.sh. */
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { runShell } from './shell.ts'

/** A data partition in a temporary folder: a name that ends in a slash is a folder, a target after `->` makes a link. */
class DataPartition {
  readonly folder = mkdtempSync(join(tmpdir(), 'porchlight-data-'))

  constructor(names: readonly string[]) {
    for (const row of names) {
      const [name = '', target] = row.split(' -> ')
      const path = join(this.folder, name)
      mkdirSync(dirname(path), { recursive: true })
      if (target !== undefined) symlinkSync(target, path)
      else if (name.endsWith('/')) mkdirSync(path, { recursive: true })
      else writeFileSync(path, '')
    }
  }

  run(script: string): string {
    return runShell(['words', 'files', 'disk'], script, [], { DATA_FOLDER: this.folder })
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

const states = [
  { name: 'a fresh card', files: ['lost+found/'], lost: false },
  {
    name: 'after the first start',
    files: ['lost+found/', 'board/seed', 'porchlight/', 'porchlight.toml'],
    lost: false,
  },
  { name: 'with mail', files: ['lost+found/', 'board/had-mail', 'porchlight/log/'], lost: false },
  { name: 'with mail, and a find', files: ['lost+found/#12', 'board/had-mail', 'porchlight/log/'], lost: false },
  { name: 'without its folder', files: ['lost+found/', 'board/had-mail'], lost: true },
  { name: 'without its store', files: ['lost+found/#12/', 'board/had-mail', 'porchlight/index/'], lost: true },
  { name: 'without anything but a find', files: ['lost+found/#12/'], lost: true },
  { name: 'led elsewhere', files: ['board/had-mail', 'x/log/', 'porchlight -> x'], lost: true },
] as const

for (const { name, files, lost } of states) {
  test(`mail that is not where it was is told of: ${name}`, () => {
    using partition = new DataPartition(files)
    assert.equal(partition.run('is_mail_lost && echo lost'), lost ? 'lost' : '')
  })
}

// What changes owners is told, not done: these tests are nobody's root.
const layOut = `
  chown() { echo "$1 \${2#"$data_folder"}"; }
  as_server() { return 0; }
  lay_out_data`

test('a link that the server laid does not lead root elsewhere', () => {
  using partition = new DataPartition(['target/', 'board -> target', 'porchlight -> target'])
  assert.equal(partition.run(layOut), 'root:porchlight \nroot:root /board\nporchlight:porchlight /porchlight')
  assert.deepEqual(readdirSync(partition.folder).sort(), ['board', 'porchlight', 'target'])
  for (const name of ['board', 'porchlight']) {
    assert.ok(lstatSync(join(partition.folder, name)).isDirectory())
  }
})

test('that there is mail is noted once there is some', () => {
  using partition = new DataPartition(['porchlight/'])
  partition.run(layOut)
  const note = join(partition.folder, 'board/had-mail')
  assert.ok(!existsSync(note))
  mkdirSync(join(partition.folder, 'porchlight/log'))
  partition.run(layOut)
  assert.ok(existsSync(note))
})
