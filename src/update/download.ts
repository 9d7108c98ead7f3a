/**
 * Fetches an update into the data directory. Where the line breaks, it goes on from there; at its end, however that came about,
 * nothing is left of it.
 */
import { type FileHandle, mkdir, open, rm, statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { codeOf, Failure, sentence } from '../base/failure.ts'
import { roundSize } from '../base/units.ts'
import { fetchFrom, readAddress } from './fetch.ts'
import { damaged, inWords, refuse, unlessStopped } from './refusal.ts'

export type Download = {
  /** The data directory. */
  readonly data: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Octets that have to stay free on the disk. */
  readonly reserve: number
  /** @param part between 0 and 1; undefined where the server does not say how long it is */
  progress(done: number, part: number | undefined): Promise<void>
  /** Authorities in PEM to trust instead of the well-known ones. */
  readonly ca?: string
}

/** How far a download has come. */
type State = { done: number; tag: string }

const diskWords = {
  ENOSPC: 'The disk is full. The update is not fetched.',
  EDQUOT: 'The disk is full. The update is not fetched.',
  EROFS: 'The disk takes no changes. The update is not fetched.',
  EIO: 'The disk has a fault. The update is not fetched.',
  '': 'The update cannot be kept on the disk',
}

const netWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'it takes no connections there',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'this box has no way to the Internet now',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock right here? See: time',
  CERT_HAS_EXPIRED: 'its certificate has expired; is the clock right here? See: time',
}

const folderOf = (data: string) => join(data, 'update')

/** Removes what a download has left that ended with the power. A disk that takes no changes says so to whoever writes to it. */
export async function clearDownloads(data: string): Promise<void> {
  await rm(folderOf(data), { recursive: true, force: true }).catch(() => {})
}

/**
 * Fetches the file and gives it to `use`, after which it is removed.
 * @throws Failure REFUSED in words, GIVEN_UP when it was stopped, and what `use` throws
 */
export async function downloaded<Result>(
  address: string,
  download: Download,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const url = readAddress(address)
  const folder = folderOf(download.data)
  try {
    const path = join(folder, 'download')
    await clearDownloads(download.data)
    await inWords(diskWords, () => mkdir(folder, { recursive: true }))
    await fetchWhole(url, path, download)
    return await use(path)
  } finally {
    await clearDownloads(download.data)
  }
}

async function fetchWhole(url: URL, path: string, download: Download): Promise<void> {
  const { signal, clock } = download
  const over = AbortSignal.any([signal, AbortSignal.timeout(budget.updateFetchMs)])
  const state: State = { done: 0, tag: '' }
  await using file = await inWords(diskWords, () => open(path, 'wx'))
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchRest(url, file, state, { ...download, signal: over })
    } catch (error) {
      unlessStopped(signal)
      if (error instanceof Failure) throw error
      if (over.aborted) refuse(`${url.host} was too slow. Try again later, or put the update on a USB stick.`)
      if (attempt === budget.updateAttempts || isFinal(error)) {
        const code = codeOf(error)
        refuse(`The update cannot be fetched from ${url.host}: ${netWords[code] ?? sentence(error)}.`, { cause: error })
      }
      await clock.sleep(budget.updatePauseMs, signal)
    }
  }
}

/** What the next attempt would only say again. */
function isFinal(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOTFOUND' || code.startsWith('CERT_') || code.startsWith('ERR_TLS') || code.includes('SIGNED_CERT')
}

async function fetchRest(url: URL, file: FileHandle, state: State, download: Download): Promise<void> {
  const { data, signal, reserve, progress, ca } = download
  const asked = { from: state.tag === '' ? 0 : state.done, tag: state.tag, signal, ...(ca === undefined ? {} : { ca }) }
  const answer = await fetchFrom(url, asked)
  try {
    if (!resumes(answer, asked.from)) {
      if (answer.statusCode !== 200) refuse(statusWords(url, answer.statusCode))
      state.done = 0
      await inWords(diskWords, () => file.truncate(0))
    }
    state.tag = tagOf(answer)
    const length = lengthOf(answer)
    const total = length === undefined ? undefined : state.done + length
    if ((total ?? 0) > mostOctets) tooLong()
    await room(data, (total ?? mostOctets) - state.done, reserve)
    for await (const chunk of answer) {
      if (state.done + chunk.length > (total ?? mostOctets)) tooLong()
      state.done = await put(file, chunk, state.done)
      await progress(state.done, total === undefined ? undefined : state.done / total)
    }
    if (total !== undefined && state.done < total) throw new Error('the connection broke')
  } finally {
    answer.destroy()
  }
}

/** Writes it all: a disk that runs full takes a part. @returns the position behind it */
async function put(file: FileHandle, octets: Buffer, position: number): Promise<number> {
  for (let done = 0; done < octets.length; ) {
    const { bytesWritten } = await inWords(diskWords, () =>
      file.write(octets, done, octets.length - done, position + done),
    )
    done += bytesWritten
  }
  return position + octets.length
}

/** What an update may have beside its part. */
const mostOctets = budget.updatePart + 2 * budget.updateManifest

function tooLong(): never {
  return damaged('it is longer than an update can be')
}

/** Whether it goes on exactly where we are. */
function resumes({ statusCode, headers }: IncomingMessage, from: number): boolean {
  return from > 0 && statusCode === 206 && (headers['content-range'] ?? '').startsWith(`bytes ${from}-`)
}

/** What names this very version of a file (RFC 9110 §13.1.5); without it nothing can be added to what is here. */
function tagOf({ headers }: IncomingMessage): string {
  const { etag = '' } = headers
  return etag.startsWith('W/') ? '' : etag
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = Number(headers['content-length'])
  return headers['content-length'] !== undefined && Number.isSafeInteger(length) && length >= 0 ? length : undefined
}

function statusWords({ host }: URL, status = 0): string {
  if (status === 404 || status === 410) return `${host} has no such file.`
  if (status === 401 || status === 403) return `${host} does not give this file to everybody.`
  return `${host} does not give the update (it answers ${status}). Try again later.`
}

async function room(data: string, octets: number, reserve: number): Promise<void> {
  const { bavail, bsize } = await inWords(diskWords, () => statfs(data))
  const missing = octets + reserve - bavail * bsize
  if (missing > 0) {
    refuse(
      `The disk is too full to fetch the update: ${roundSize(missing)} more would have to be free. A USB stick needs none of it.`,
    )
  }
}
