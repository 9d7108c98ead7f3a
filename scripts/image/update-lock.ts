/** Asks Debian for the newest versions, through an apt of our own: the machine's sources and packages stay as they are. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Arch } from './build.ts'
import type { Locked } from './lock.ts'
import { kernelMeta, wantedFor } from './packages.ts'
import { run } from './tool.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** `archive suite` of each source; all have the two components below. */
const sources = ['debian trixie', 'debian trixie-updates', 'debian-security trixie-security'] as const
const components = 'main non-free-firmware'

/** What each wanted package is today. `apt` checks the signatures of the lists that say so. */
export async function newestPackages(arch: Arch, mirror: string, folder: string): Promise<readonly Locked[]> {
  const config = aptRoot(arch, mirror, folder)
  const apt = (program: string, ...words: readonly string[]) => run(program, words, { env: { APT_CONFIG: config } })
  await apt('apt-get', 'update', '--error-on=any')
  const depends = await apt('apt-cache', 'depends', kernelMeta[arch])
  const kernel = /Depends: (linux-image-\d\S+)/.exec(depends)?.[1]
  if (!kernel) throw new Error(`${kernelMeta[arch]} names no kernel:\n${depends}`)
  const names = [kernel, ...wantedFor(arch).map(({ name }) => name)]
  const said = await apt('apt-get', 'download', '--print-uris', ...names)
  const found = said.split('\n').flatMap(line => lockedFrom(line, arch, mirror))
  return names.map(name => {
    const one = found.find(row => row.name === name)
    if (!one) throw new Error(`Debian has no ${name} for ${arch}`)
    return one
  })
}

/** Reads a line such as `'http://…/x.deb' name_version_arch.deb 1234 SHA256:…`. */
function lockedFrom(line: string, arch: Arch, mirror: string): readonly Locked[] {
  const [, uri, file, sha256] = /^'([^']+)' (\S+) \d+ SHA256:([0-9a-f]{64})$/.exec(line) ?? []
  if (!uri || !file || !sha256) return []
  const [name, version] = decodeURIComponent(file).split('_')
  if (!name || !version || !uri.startsWith(`${mirror}/`)) throw new Error(`apt said what we cannot read: ${line}`)
  return [{ arch, name, version, sha256, path: uri.slice(mirror.length + 1) }]
}

function aptRoot(arch: Arch, mirror: string, folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['etc', 'state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, part), { recursive: true })
  const lines = sources.map(source => {
    const [archive, suite] = source.split(' ')
    return `deb [arch=${arch} signed-by=${keyring}] ${mirror}/${archive} ${suite} ${components}\n`
  })
  writeFileSync(join(folder, 'etc/sources.list'), lines.join(''))
  writeFileSync(join(folder, 'state/status'), '')
  const config = join(folder, 'apt.conf')
  const settings = [
    `Dir::Etc "${folder}/etc"`,
    'Dir::Etc::SourceParts "/dev/null"',
    `Dir::State "${folder}/state"`,
    `Dir::State::Status "${folder}/state/status"`,
    `Dir::Cache "${folder}/cache"`,
    `APT::Architecture "${arch}"`,
    `APT::Architectures { "${arch}"; }`,
    'APT::Sandbox::User ""',
    'Acquire::Languages "none"',
  ]
  writeFileSync(config, settings.map(setting => `${setting};\n`).join(''))
  return config
}
