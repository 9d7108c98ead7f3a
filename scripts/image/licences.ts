/** Every licence of what is inside, the texts that those name, and what the packages are: Debian has the source of each. */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Build } from './build.ts'
import { wantedFor } from './packages.ts'

const common = ['GPL-2', 'GPL-3', 'LGPL-2', 'LGPL-2.1', 'LGPL-3', 'Apache-2.0', 'Artistic', 'BSD'] as const
const rule = '='.repeat(80)

/** The one text of them all. */
export function licences(build: Build): string {
  const names = [...wantedFor(build.arch).map(({ name }) => name), `linux-image-${build.kernel}`]
  const debian = [...new Set(names.map(name => ownerOf(build, name)))].map(name =>
    part(name, join(documents(build, name), 'copyright')),
  )
  const texts = common.map(name => part(name, join(build.unpacked('base-files'), 'usr/share/common-licenses', name)))
  const ours = part('Porchlight and what is inside of it', join(build.dist, 'LICENSES.txt'))
  return [ours, ...debian, ...texts, headed('The packages', build.lock)].join('\n')
}

function part(title: string, file: string): string {
  return headed(title, readFileSync(file, 'utf8').trim())
}

function headed(title: string, text: string): string {
  return `${rule}\n${title}\n${rule}\n\n${text}\n`
}

function documents(build: Build, name: string): string {
  return join(build.unpacked(name), 'usr/share/doc', name)
}

/** Packages from one source may share their documents: then all but one have a link to it. */
function ownerOf(build: Build, name: string): string {
  const folder = documents(build, name)
  return lstatSync(folder).isSymbolicLink() ? ownerOf(build, basename(readlinkSync(folder))) : name
}
