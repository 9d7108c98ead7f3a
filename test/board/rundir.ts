/** A /run/board of a test's own: the files of the boot scripts, and a steward who notes what it is asked for. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** As B's steward does it: open in both directions, and each answer whole or not there. `answer` says what it answers. */
const stewarding = `
cd "$1" || exit
exec 3<>steward
echo ready
while read -r id words <&3; do
  echo "$words" >>asked
  cp answer "answers/.$id" && mv "answers/.$id" "answers/$id"
done`

/** And his installer, who keeps what he gets and is told here how he goes about it. */
const installing = (deed: string) => `
cd "$1" || exit
exec 3<>steward
echo ready
while read -r id words <&3; do
  echo "$words" >>asked
  answer() { echo "$1" >"answers/.$id" && mv "answers/.$id" "answers/$id"; }
  (${deed}) 3>&-
done`

export const facts = {
  model: 'Raspberry Pi 3 Model B',
  arch: 'arm64',
  slot: 'a',
  version: '0.2.0',
  built: 1_790_000_000,
  other: { device: '/dev/mmcblk0p3', version: '0.1.0', octets: 167_772_160 },
  data: '/dev/mmcblk0p4',
  disk: 'mmcblk0',
  watchdog: null,
  led: null,
  trial: null,
  fallback: null,
  grown: true,
  repaired: null,
} as const

export class RunDirectory implements AsyncDisposable {
  readonly path: string
  #stop: () => Promise<void> = async () => {}

  private constructor(path: string) {
    this.path = path
  }

  /** @param said what facts.json says beside the standing facts */
  static async make(said: object = {}): Promise<RunDirectory> {
    const parent = await mkdtemp(join(tmpdir(), 'porchlight-board-'))
    const directory = new RunDirectory(join(parent, 'board'))
    await mkdir(join(directory.path, 'answers'), { recursive: true })
    await mkdir(`${directory.path}-out`)
    execFileSync('mkfifo', [join(directory.path, 'steward')])
    await directory.write('facts.json', JSON.stringify({ ...facts, ...said }))
    return directory
  }

  /** As the boot scripts write: whole, or not at all. */
  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.path, `.${name}`), text)
    await rename(join(this.path, `.${name}`), join(this.path, name))
  }

  /** Has a steward at work, who answers everything so. */
  async employ(answer = 'ok'): Promise<void> {
    await this.write('answer', `${answer}\n`)
    await this.#run(stewarding)
  }

  /** Has a steward at work whose installer does this, in the shell, once for each request; `answer WORDS` ends it. */
  async employInstaller(deed: string): Promise<void> {
    execFileSync('mkfifo', [join(this.path, 'update')])
    await this.#run(installing(deed))
  }

  async #run(script: string): Promise<void> {
    const child = spawn('sh', ['-c', script, 'steward', this.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#stop = async () => {
      child.kill()
      await once(child, 'exit')
    }
    await once(child.stdout, 'data')
  }

  /** What the steward was asked for, in order. */
  async asked(): Promise<readonly string[]> {
    const text = await readFile(join(this.path, 'asked'), 'utf8').catch(() => '')
    return text.split('\n').filter(line => line !== '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop()
    await rm(join(this.path, '..'), { recursive: true })
  }
}
