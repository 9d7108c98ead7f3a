/** What we say ourselves of a delivery where no peer has said it, with the enhanced codes of RFC 3463. */
import type { Answer } from './answer.ts'

const lost = (enhanced: string, text: string): Answer => ({ code: 451, enhanced, text, ours: true })
const refused = (code: number, enhanced: string, text: string): Answer => ({ code, enhanced, text, ours: true })

export const trouble = {
  // The session cannot go on; the mail waits
  gone: lost('4.4.2', 'The connection was lost before the host had answered'),
  timedOut: lost('4.4.2', 'The host did not answer in time'),
  malformed: lost('4.5.0', 'The host does not answer as a mail host does'),
  endless: lost('4.5.0', 'The host gave an answer without end'),
  outOfStep: lost('4.5.0', 'The host gave an answer that fits no command'),
  sourceFailed: lost('4.3.0', 'The message could not be read here, so that sending it was broken off'),

  // The login failed; that may be mended
  unproved: refused(
    454,
    '4.7.0',
    'The host let us in without proof that it knows the password, so that we do not trust it',
  ),
  givenUp: refused(454, '4.7.0', 'The login was given up: what the host asked made no sense'),

  // The peer cannot take such a message
  tooBig: (limit: number) =>
    refused(552, '5.3.4', `The message is larger than the ${limit} octets that the host takes`),
  needsEightBit: refused(554, '5.6.3', 'The message has 8-bit text, which the host does not take'),
  needsSmtputf8: refused(553, '5.6.7', 'The message or its addresses are in Unicode, which the host does not take'),
  asciiOnly: refused(
    553,
    '5.6.7',
    'The address is in Unicode, and the message was not sent as one that may have such addresses',
  ),
  needsTls: refused(
    550,
    '5.7.30',
    'The message must be protected by TLS on its whole way, which the host does not promise',
  ),
  oddSender: refused(
    553,
    '5.1.7',
    'The address of the sender has spaces or angle brackets, and such are not sent from here',
  ),
  oddRecipient: refused(
    553,
    '5.1.3',
    'The address has spaces or angle brackets, and to such nothing is sent from here',
  ),
} as const satisfies Record<string, Answer | ((limit: number) => Answer)>
