/** board/packages.lock: the very files of Debian that an image is made of, one a line. */
import { type Arch, archs } from './build.ts'

export type Locked = {
  readonly arch: Arch
  readonly name: string
  readonly version: string
  readonly sha256: string
  /** Below the mirror: `debian/pool/…` or `debian-security/pool/…`. */
  readonly path: string
}

const head = `# The Debian packages in the image: architecture, name, version, sha256, place on a mirror.
# Written by: npm run image -- --update-lock
`

const line =
  /^(arm64|amd64) ([a-z0-9][a-z0-9+.-]+) (\S+) ([0-9a-f]{64}) (debian(?:-security)?\/pool\/[\w.+~%/-]+\.deb)$/

/** Reads the file. Throws on a line that is not one of ours: a typing error must not become a missing library. */
export function parseLock(text: string): readonly Locked[] {
  return text.split('\n').flatMap((row, i): Locked[] => {
    if (row === '' || row.startsWith('#')) return []
    const [, first, name, version, sha256, path] = line.exec(row) ?? []
    const arch = archs.find(known => known === first)
    if (!arch || !name || !version || !sha256 || !path || path.includes('..'))
      throw new Error(`packages.lock, line ${i + 1}: this is not "ARCH NAME VERSION SHA256 PATH": ${row}`)
    return [{ arch, name, version, sha256, path }]
  })
}

/** The line of one package. */
export function lockLine({ arch, name, version, sha256, path }: Locked): string {
  return `${arch} ${name} ${version} ${sha256} ${path}`
}

/** The whole file. */
export function formatLock(packages: readonly Locked[]): string {
  return `${head}${packages.map(row => `${lockLine(row)}\n`).join('')}`
}
