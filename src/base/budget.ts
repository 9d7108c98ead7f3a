/**
 * Every bound in the house: whatever grows with input, peers or time has its limit here, with its unit and reason.
 * What a household may want to change is a setting instead (`config.ts`).
 */

const KiB = 1024
const MiB = 1024 * KiB

export const budget = {
  // Configuration
  /** Octets of the configuration file. */
  configFile: 256 * KiB,

  // Lines
  /** SMTP command line with CRLF, octets: RFC 5321 §4.5.3.1.4. */
  smtpLine: 512,
  /** The same for MAIL and RCPT: what SIZE, BODY, SMTPUTF8 and DSN add at most (RFC 1870, 6152, 6531, 3461). */
  smtpPathLine: 1100,
  /** POP3 command line with CRLF, octets: RFC 2449 §4 says 255; an AUTH response (RFC 5034 §4) and UTF-8 passwords need more. */
  pop3Line: 2048,
  /** Text line with CRLF, octets: RFC 5321 §4.5.3.1.6. */
  textLine: 1000,
  /** Octets of a path with its angle brackets: RFC 5321 §4.5.3.1.3. */
  path: 256,
  /** Octets of a local part: RFC 5321 §4.5.3.1.1. */
  localPart: 64,
  /** Octets of a domain: RFC 5321 §4.5.3.1.2. */
  domain: 255,

  // SMTP sessions
  /** Octets of the ENVID and ORCPT parameters, encoded: RFC 3461 §4.4 and §4.2. */
  envid: 100,
  orcpt: 500,
  /** Errors after which a session is closed with 421. */
  smtpErrors: 20,
  /** A body may take this many milliseconds, and beyond that it must have come at this rate, octets a second: a modem's. */
  bodyMs: 10 * 60_000,
  bodyRate: 500,
  /** Transactions in one session after which it is closed with 421. */
  smtpTransactions: 10_000,
  /** Received fields above which a message is taken to be in a loop: RFC 5321 §6.3. */
  received: 50,
  /** Octets of answers a session gathers before they must be written: less than a block, which so goes out uncopied. */
  output: 32 * KiB,

  // POP3 sessions
  /** Failed logins in one session after which it is closed. */
  loginAttempts: 3,
  /** Errors after which a POP3 session is closed. */
  pop3Errors: 20,
  /** Messages one maildrop shows in a session; the rest stay for the next one. 36 octets each. */
  maildrop: 1_000_000,

  // Store
  /** Octets of one body block in the log. */
  block: 64 * KiB,
  /** Octets a block buffer starts with; it doubles up to `block`, so that an idle body holds little. */
  blockStart: 8 * KiB,
  /** Free block buffers kept for the next message. */
  freeBlocks: 16,
  /** Octets and entries gathered into one synced batch of the log. */
  groupOctets: 2 * MiB,
  groupEntries: 256,
  /** Records and blocks of the log after which the index is synced: what a start after a power cut reads again, 128 MiB at most. */
  checkpoint: 2048,
  /** Deliveries of one message. */
  deliveries: 1000,
  /** Accounts and aliases of one household; both are held in memory. */
  accounts: 1000,
  aliases: 10_000,
  aliasTargets: 100,
  /** Aliases followed from one address before a loop is assumed. */
  aliasDepth: 10,
  /** LevelDB memory, octets: log (few reads of old blocks) and index (small keys, read often). */
  logCache: 2 * MiB,
  logWriteBuffer: 4 * MiB,
  indexCache: 4 * MiB,
  indexWriteBuffer: 1 * MiB,
  /** Octets that have to die before a sweep begins by itself: each one rewrites what is still alive around the dead. */
  sweep: 8 * MiB,
  /** Free octets of the file system below which mail is answered 452: room for LevelDB's compaction and for deletions. */
  reserve: 256 * MiB,
  /** Free octets that a repair of LevelDB's own files needs: it writes the last tables anew before the old ones go. */
  repairRoom: 64 * MiB,

  // Passwords
  /** Octets of a password: more would make hashing a way to keep the box busy. */
  password: 256,
  /** Password hashes computed at once (16 MiB each) and those that may wait. */
  hashing: 1,
  hashingQueue: 64,
  /** Addresses and accounts whose failed logins are remembered. */
  throttleEntries: 2000,

  // Log
  /** Octets of lines kept while the log cannot be written; later ones are dropped. */
  log: 64 * KiB,

  // Connections
  /** Milliseconds running sessions get to finish when the server stops. */
  drainMs: 10_000,
  /** Milliseconds a TLS handshake may take. */
  handshakeMs: 30_000,
  /** Milliseconds without an answer after which a transaction counts for nothing where all places are taken. */
  stuckMs: 60_000,
  /** Connections that wait in the kernel for a door to take them. One that finds no room there tries again after a second. */
  backlog: 2048,
  /** Connections of one door that are over and that the peer has not closed yet: no session, but a descriptor each. */
  leaving: 100,
  /** Control connections at once, and octets of one control request. */
  controlConnections: 8,
  controlRequest: 64 * KiB,
} as const
