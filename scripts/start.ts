/** What `npm start` runs: the server on this machine's loopback, with its data in .porchlight/ and a first account. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generatePassword, hashPassword } from '../src/auth/password.ts'
import { systemClock } from '../src/base/clock.ts'
import type { Config, Endpoint } from '../src/base/config.ts'
import { Failure } from '../src/base/failure.ts'
import { silentLog } from '../src/base/log.ts'
import { findPlaces, loadConfig } from '../src/commands/places.ts'
import { keptPaths } from '../src/net/certificate.ts'
import { Store } from '../src/store/store.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const data = join(root, '.porchlight')
const firstName = 'alice'

/** Makes the first account if there is none. @returns an account's name, and its password when it is new */
async function account(): Promise<{ name: string; password: string | undefined }> {
  const store = await Store.open(data, { clock: systemClock, log: silentLog, reserve: 0 })
  try {
    const [present] = store.accounts.list()
    if (present) return { name: present.name, password: undefined }
    const password = generatePassword()
    await store.accounts.add(firstName, await hashPassword(password))
    return { name: firstName, password }
  } finally {
    await store.close()
  }
}

/** Lines to paste that send a message and read it back; without a password the programs ask for it. */
function hints(config: Config, name: string, password: string | undefined): string[] {
  const address = `${name}@${config.domains[0]}`
  const { listen } = config
  const [[smtp], [submissions], [pop3s]] = [listen.smtp, listen.submissions, listen.pop3s]
  if (!smtp || !submissions || !pop3s) return []
  const cert = config.tls.certificate || keptPaths(data).certificate
  const mail = `From: ${address}\\r\\nTo: ${address}\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n`
  const context = `ssl.create_default_context(cafile='${cert}')`
  const secret = password === undefined ? 'getpass.getpass()' : `'${password}'`
  const user = password === undefined ? name : `${name}:${password}`
  return [
    'When it says "ready", paste these into another terminal. With curl:',
    '',
    `  printf '${mail}' | curl --ssl-reqd --cacert '${cert}' smtp://${at(smtp)}/laptop --mail-from ${address} --mail-rcpt ${address} --upload-file -`,
    `  curl --cacert '${cert}' --user ${user} pop3s://${at(pop3s)}/1`,
    '',
    'As a mail program sends, with a login; to an address elsewhere it would go out into the world:',
    '',
    `  printf '${mail}' | curl --cacert '${cert}' --user ${user} smtps://${at(submissions)}/laptop --mail-from ${address} --mail-rcpt ${address} --upload-file -`,
    `  curl --cacert '${cert}' --user ${user} pop3s://${at(pop3s)}/2`,
    '',
    'With Python:',
    '',
    `  python3 -c "import smtplib,ssl; s=smtplib.SMTP('${smtp.host}',${smtp.port}); s.starttls(context=${context}); print(s.sendmail('${address}',['${address}'],'${mail}')); s.quit()"`,
    `  python3 -c "import getpass,poplib,ssl; p=poplib.POP3_SSL('${pop3s.host}',${pop3s.port},context=${context}); p.user('${name}'); p.pass_(${secret}); n=len(p.list()[1]); print(n,'messages, the last:'); [print(l.decode()) for l in p.retr(n)[1]]; p.quit()"`,
    '',
  ]
}

function at({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

try {
  const { config } = await loadConfig(findPlaces({ data }, {}))
  const { name, password } = await account()
  if (password !== undefined) console.log(`The first account is ${name}; its password, shown only now: ${password}\n`)
  console.log(hints(config, name, password).join('\n'))
  // Ctrl-C reaches the server as well, which then stops in order; this process only waits for it.
  process.on('SIGINT', () => {})
  const server = spawn(process.execPath, [join(root, 'src', 'main.ts'), 'serve', '--data', data], { stdio: 'inherit' })
  // A closed terminal says SIGHUP, which the server by itself takes for a wish to read its configuration again.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill('SIGTERM'))
  // At once: npm hands a Ctrl-C on a second time, and a process that ends by itself forgets its handlers some time before it is gone.
  server.on('exit', code => process.exit(code ?? 1))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(error.message)
  process.exitCode = 1
}
