/** What the household has set to log in at its smarthost. Files are read each time, so that a change counts at once. */
import { readFile, stat } from 'node:fs/promises'
import { type ClientExchange, chooseMechanism, startClient } from '../auth/client.ts'
import type { Config } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import { type Trouble, trouble } from './trouble.ts'

type Relay = Config['relay']

/** What the connection and the smarthost have. */
type Circumstances = {
  readonly host: string
  /** The mechanisms that it offers. */
  readonly offered: readonly string[]
  readonly secure: boolean
  readonly binding: Buffer | undefined
}

/** A login that has begun, or why none can. */
type Begun = { readonly exchange: ClientExchange } | { readonly trouble: Trouble }

/** @returns the authority in PEM that its certificate must come from; undefined for one that everybody knows */
export async function readAuthority({ host, ca }: Relay): Promise<string | undefined | Trouble> {
  if (ca === '') return undefined
  try {
    return await readFile(ca, 'utf8')
  } catch (error) {
    return trouble.unproved(host, `the certificate in relay.ca cannot be read: ${sentence(error)}`)
  }
}

/** Begins a login there, or says why none can begin: the household can put that right, and its mail waits for it. */
export async function beginLogin(
  { user, password_file }: Relay,
  { host, offered, secure, binding }: Circumstances,
): Promise<Begun> {
  const password = await readPassword(password_file)
  if (typeof password !== 'string') return { trouble: password }
  const mechanism = chooseMechanism(offered, { secure, binding: binding !== undefined })
  if (!mechanism) return { trouble: trouble.noMechanism(host) }
  try {
    return { exchange: startClient(mechanism, { user, password, binding }) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { trouble: trouble.badPassword(sentence(error)) }
  }
}

/** A password that others could read is not used, so that this is found out. */
async function readPassword(path: string): Promise<string | Trouble> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) return trouble.badPassword(`Others may read ${path}; first: chmod 600 ${path}`)
    const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/, 1)
    return line === '' ? trouble.badPassword(`There is no password in ${path}.`) : line
  } catch (error) {
    return trouble.badPassword(`The password for the smarthost cannot be read: ${sentence(error)}`)
  }
}
