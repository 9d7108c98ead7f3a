/** Installs what package-lock.json pins, if that is newer than what is installed. Plain JavaScript: it runs first, on Node 20 too. */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const oldest = 20
const root = fileURLToPath(new URL('..', import.meta.url))
const changed = name => statSync(`${root}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0

function stop(sentence) {
  console.error(sentence)
  process.exit(1)
}

if (Number.parseInt(process.versions.node, 10) < oldest) {
  stop(`Porchlight's scripts need Node ${oldest} or newer; this is ${process.version}.`)
}
// npm writes node_modules/.package-lock.json last, so a broken installation does not count as one.
if (changed('package-lock.json') > changed('node_modules/.package-lock.json')) {
  console.log('Installing what package-lock.json pins (once, about a minute) …')
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: root, encoding: 'utf8' })
  if (npm.error) stop(`npm could not be started: ${npm.error.message}`)
  if (npm.status !== 0)
    stop(`${npm.stdout}${npm.stderr}\nnpm ci failed: nothing was installed. What npm said stands above.`)
}
