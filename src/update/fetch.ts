/** One answer of a web server, http or https, with what it redirects to followed. */
import type { IncomingMessage } from 'node:http'
import { budget } from '../base/budget.ts'
import { refuse } from './refusal.ts'

export type Asked = {
  /** Octets of it that are here already, and what names the version of it that they are from. */
  readonly from: number
  readonly tag: string
  readonly signal: AbortSignal
  /** Authorities in PEM to trust instead of the well-known ones. */
  readonly ca?: string
}

/**
 * @returns the answer, whatever its status, but for redirections. Its octets have not been read.
 * @throws Failure REFUSED where it leads nowhere; errors of the network
 */
export async function fetchFrom(address: URL, asked: Asked): Promise<IncomingMessage> {
  let url = address
  for (let i = 0; i <= budget.updateRedirects; i++) {
    const answer = await ask(url, asked)
    const { statusCode = 0, headers } = answer
    if (![301, 302, 303, 307, 308].includes(statusCode)) return answer
    answer.destroy()
    url = followed(url, readAddress(headers.location ?? '', url))
  }
  return refuse(`${address.host} sends on too often from one address to the next.`)
}

/**
 * A web server may send on within itself, and to whoever proves by a certificate to be who is meant, before anything is asked.
 * Without that it could have the box ask the household's router for something, or a program on the box.
 * @throws Failure REFUSED
 */
function followed(from: URL, to: URL): URL {
  if (to.protocol === 'https:' || to.origin === from.origin) return to
  return refuse(
    `${from.host} sends on to ${to.host} without encryption (https). It is not asked, and nothing is installed.`,
  )
}

/** @param base of an address that is relative @throws Failure REFUSED when it is none of http or https */
export function readAddress(text: string, base?: URL): URL {
  const url = text.length <= budget.updateUrl ? URL.parse(text, base?.href) : null
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    return refuse('This is no address of an update. One is like https://example.org/porchlight-0.2.0-arm64.update')
  }
  return url
}

/** The address without the password that may be in it, for people and logs. */
export function shownAddress({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

async function ask(url: URL, { from, tag, signal, ca }: Asked): Promise<IncomingMessage> {
  // Rarely needed, and large: loaded only here.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const headers = {
    accept: 'application/octet-stream, */*',
    'accept-encoding': 'identity',
    ...(from > 0 ? { range: `bytes=${from}-`, 'if-range': tag } : {}),
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const options = { headers, signal, agent: false, timeout: budget.updateStallMs, ...(ca === undefined ? {} : { ca }) }
  const asking = request(url, options, resolve)
  asking.on('timeout', () => asking.destroy(new Error('nothing has come for too long')))
  asking.on('error', reject)
  asking.end()
  return promise
}
