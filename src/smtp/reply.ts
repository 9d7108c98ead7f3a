/** Every reply of the receiving side: RFC 5321 §4.2, with the enhanced codes of RFC 3463. */

export type Reply = {
  readonly code: number
  /** RFC 2034: on everything but the greeting, the answers to EHLO and HELO, and 354. */
  readonly enhanced?: string
  readonly text: string | readonly string[]
}

export const reply = {
  // The session
  greeting: (hostname: string) => ({ code: 220, text: `${hostname} ESMTP Porchlight` }),
  hello: (lines: readonly string[]) => ({ code: 250, text: lines }),
  ok: { code: 250, enhanced: '2.0.0', text: 'OK' },
  readyForTls: { code: 220, enhanced: '2.0.0', text: 'Go ahead with TLS' },
  goodbye: { code: 221, enhanced: '2.0.0', text: 'Goodbye' },
  help: {
    code: 214,
    enhanced: '2.0.0',
    text: ['Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP', 'VRFY STARTTLS HELP QUIT, as in RFC 5321'],
  },
  // RFC 5321 §7.3: who has a mailbox here is not told to whoever asks.
  verify: { code: 252, enhanced: '2.1.5', text: 'Send the message, then you will see' },

  // The login: RFC 4954 §6
  loggedIn: { code: 235, enhanced: '2.7.0', text: 'Welcome' },
  loginFailed: { code: 535, enhanced: '5.7.8', text: 'Name or password is wrong' },
  saslRefused: (reason: string) => ({ code: 501, enhanced: '5.5.2', text: `Login refused: ${reason}` }),
  badBase64: { code: 501, enhanced: '5.5.2', text: 'Login refused: what was sent is no base64' },
  loginLineTooLong: { code: 500, enhanced: '5.5.6', text: 'Line too long for a login' },
  loginCancelled: { code: 501, enhanced: '5.7.0', text: 'Login cancelled' },
  unknownMechanism: { code: 504, enhanced: '5.5.4', text: 'This way to log in is not available' },
  loginBusy: { code: 454, enhanced: '4.7.0', text: 'The login cannot be checked now; try again later' },
  loginDelay: { code: 454, enhanced: '4.7.0', text: 'Too many failed logins; try again later' },
  loginNeedsTls: { code: 538, enhanced: '5.7.11', text: 'A login needs TLS; say STARTTLS first' },
  isLoggedIn: { code: 503, enhanced: '5.5.1', text: 'You are logged in already' },
  loginFirst: { code: 530, enhanced: '5.7.0', text: 'Log in first' },
  tlsFirst: { code: 530, enhanced: '5.7.0', text: 'Say STARTTLS and log in first' },
  tooManyLogins: { code: 421, enhanced: '4.7.0', text: 'Too many failed logins; closing' },

  // The transaction
  senderOk: { code: 250, enhanced: '2.1.0', text: 'Sender OK' },
  recipientOk: { code: 250, enhanced: '2.1.5', text: 'Recipient OK' },
  startMail: { code: 354, text: 'Send the message; end it with a line that holds only a dot' },
  chunk: (octets: number) => ({ code: 250, enhanced: '2.0.0', text: `${octets} octets received` }),
  accepted: (id: string) => ({ code: 250, enhanced: '2.0.0', text: `Kept as ${id}` }),

  // Commands that are wrong
  badSyntax: {
    code: 500,
    enhanced: '5.5.2',
    text: 'This is no command line; a line ends in CRLF and holds plain text',
  },
  commandTooLong: { code: 500, enhanced: '5.5.2', text: 'Line too long' },
  unknownCommand: { code: 500, enhanced: '5.5.1', text: 'Unknown command' },
  notImplemented: { code: 502, enhanced: '5.5.1', text: 'Not available here' },
  expected: (form: string) => ({ code: 501, enhanced: '5.5.4', text: `Expected ${form}` }),
  badParameter: (name: string) => ({ code: 501, enhanced: '5.5.4', text: `The value of ${name} is not valid` }),
  unknownParameter: { code: 555, enhanced: '5.5.4', text: 'Unknown parameter' },
  outOfOrder: (expected: string) => ({ code: 503, enhanced: '5.5.1', text: `Not now; expected ${expected}` }),
  tlsIsOn: { code: 503, enhanced: '5.5.1', text: 'TLS is on already' },
  noValidRecipients: { code: 554, enhanced: '5.5.1', text: 'No valid recipients' },

  // Addresses that are wrong
  badSender: { code: 501, enhanced: '5.1.7', text: 'Expected MAIL FROM:<user@domain> or MAIL FROM:<>' },
  badRecipient: { code: 501, enhanced: '5.1.3', text: 'Expected RCPT TO:<user@domain>' },
  needsSmtputf8: { code: 553, enhanced: '5.6.7', text: 'Such an address needs SMTPUTF8 in MAIL, and valid UTF-8' },
  noSuchMailbox: { code: 550, enhanced: '5.1.1', text: 'No such mailbox here' },
  mailboxFull: { code: 452, enhanced: '4.2.2', text: 'The mailbox is full; try again later' },
  aliasLoop: { code: 550, enhanced: '5.4.6', text: 'This address is an alias that leads to itself' },
  relayDenied: { code: 550, enhanced: '5.7.1', text: 'This host takes mail for its own domains only' },
  notInOurName: {
    code: 550,
    enhanced: '5.7.1',
    text: 'This address leads elsewhere; mail in the name of this household has to be handed in with a login',
  },

  // What the household may not send
  notYourAddress: (address: string) => ({
    code: 550,
    enhanced: '5.7.1',
    text: `${address} is not your address here; send from one of yours, or ask for an alias`,
  }),
  notItsAddress: (address: string, as: string) => ({
    code: 550,
    enhanced: '5.7.1',
    text: `This device sends as ${as}, not as ${address}; set its sender to that`,
  }),
  badFrom: {
    code: 550,
    enhanced: '5.7.1',
    text: 'The message must have one From field, with addresses that can be read',
  },
  notForDevice: { code: 550, enhanced: '5.7.1', text: 'This device may not send there; see porchlight device list' },
  unknownDevice: {
    code: 554,
    enhanced: '5.7.1',
    text: 'No device with your address is known here; see porchlight device add',
  },
  headerTooBig: { code: 552, enhanced: '5.3.4', text: 'The header of the message is too large' },
  tooManyThisHour: {
    code: 450,
    enhanced: '4.7.1',
    text: 'You have sent to as many recipients as you may in an hour; try again later',
  },
  queueFull: { code: 452, enhanced: '4.3.1', text: 'Too much mail waits to be sent on; try again later' },

  // Messages that are wrong
  bareNewline: {
    code: 554,
    enhanced: '5.6.0',
    text: 'The message has a line that ends in LF or CR alone; lines must end in CRLF',
  },
  lineTooLong: { code: 554, enhanced: '5.6.0', text: 'The message has a line of more than 998 octets' },
  tooBig: { code: 552, enhanced: '5.3.4', text: 'The message is larger than this host takes' },
  loop: { code: 554, enhanced: '5.4.6', text: 'The message has gone round in a loop: too many Received fields' },

  // Bounds and troubles
  tooManyRecipients: {
    code: 452,
    enhanced: '4.5.3',
    text: 'Too many recipients; send to the others in another message',
  },
  storeFull: { code: 452, enhanced: '4.3.1', text: 'No room for the message now; try again later' },
  storeTrouble: { code: 451, enhanced: '4.3.0', text: 'The message could not be kept; try again later' },
  tooManyConnections: { code: 421, enhanced: '4.7.0', text: 'Too many connections; try again later' },
  tooManyErrors: { code: 421, enhanced: '4.7.0', text: 'Too many errors; closing' },
  tooManyTransactions: { code: 421, enhanced: '4.7.0', text: 'Too many messages in one session; connect again' },
  tooSlow: { code: 421, enhanced: '4.4.2', text: 'This takes too long; closing' },
  idle: { code: 421, enhanced: '4.4.2', text: 'Nothing was heard for too long; closing' },
  shuttingDown: { code: 421, enhanced: '4.3.2', text: 'This host is stopping; try again later' },
} as const satisfies Record<string, Reply | ((...values: never[]) => Reply)>

/** Writes a reply as it goes over the wire, the enhanced code on every line (RFC 2034 §4). */
export function encodeReply({ code, enhanced, text }: Reply): string {
  const lines = typeof text === 'string' ? [text] : text
  const last = lines.length - 1
  const prefix = enhanced === undefined ? '' : `${enhanced} `
  return lines.map((line, index) => `${code}${index === last ? ' ' : '-'}${prefix}${line}\r\n`).join('')
}
