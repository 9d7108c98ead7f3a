/** Has mail of the household signed for the domain of its author. */
import { Failure, sentence } from '../base/failure.ts'
import type { SubmittedBody } from './body.ts'
import type { Services } from './services.ts'

/**
 * Mail that cannot be signed goes out unsigned: the household hears of it, and no mail waits for it.
 * @param date ms since the epoch
 * @returns the fields to put before it
 */
export async function signaturesOf(
  body: SubmittedBody,
  date: number,
  { config, keyring, log }: Pick<Services, 'config' | 'keyring' | 'log'>,
): Promise<string> {
  const { submission, domains } = config()
  const domain = body.header?.from[0]?.domain ?? ''
  if (submission.dkim === 'off' || !domains.includes(domain)) return ''
  try {
    return await body.signatures(domain, keyring, date)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ domain, reason: sentence(error) }, 'mail goes out without signature')
    return ''
  }
}
