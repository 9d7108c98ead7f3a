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
  /** The same for MAIL and RCPT: what SIZE, BODY, SMTPUTF8, DSN, AUTH and REQUIRETLS add at most (RFC 1870 to RFC 8689). */
  smtpPathLine: 1200,
  /** AUTH and what is said in its exchange, octets: RFC 4954 §4 grants 12,288 to any mechanism; those here need less. */
  smtpAuthLine: 2048,
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

  // Headers
  /** Octets of a submitted message's header section, which is gathered to be mended: real ones have a few KiB. */
  submittedHeader: 256 * KiB,
  /** Mailboxes read in one field, and domains added to one header: as many as hold 256 KiB of ordinary addresses. */
  headerMailboxes: 4000,
  /** Octets of a message id with its angle brackets: the longest domain leaves nothing for more; the log and traces hold it. */
  messageId: 255,
  /** Octets of a field that are looked at while it passes by: its name and a message id. */
  fieldStart: 300,
  /** Fields of one name that a signature covers, the lowest first: otherwise it would grow with the header. */
  signedFields: 10,

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

  // SMTP, the sending side
  /** Octets of a reply line that are looked at, RFC 5321 §4.5.3.1.5 asking for 512; what a longer one has more is passed over. */
  replyLine: 2000,
  /** Lines and octets of one reply: EHLO's is the longest, with some 30 lines. */
  replyLines: 200,
  replyOctets: 64 * KiB,
  /** Octets of a reply's text that are kept, for the queue and for reports. */
  answerText: 1000,
  /** Recipients of one transaction where the peer names no limit (RFC 5321 §4.5.3.1.8), and where it names a larger one. */
  peerRecipients: 100,
  transactionRecipients: 1000,
  /** Chunks of BDAT on their way whose answers have not come. */
  chunksUnanswered: 8,
  /** Challenges of one login: SCRAM has two. */
  loginRounds: 10,
  /** Milliseconds a peer may take, RFC 5321 §4.5.3.2: to greet, to answer a command, DATA and a block, and after the final dot. */
  greetingMs: 5 * 60_000,
  commandMs: 5 * 60_000,
  dataMs: 2 * 60_000,
  blockMs: 3 * 60_000,
  messageEndMs: 10 * 60_000,
  /** The same after QUIT: nothing depends on it. */
  quitMs: 10_000,

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
  /** Things set at the console, and octets of each. */
  settings: 1000,
  settingValue: 64 * KiB,
  /** Rows of the schedule looked at together: domains that cannot be seen to now stand before the others. */
  scheduleWindow: 400,
  /** Messages that wait to be sent on, counted once for each domain they go to. Each takes a few rows and no memory. */
  queue: 100_000,
  /** Milliseconds to connect to another host: RFC 1123 §5.3.1.1 leaves it to us; a host that is there answers in a second. */
  connectMs: 30_000,
  /** Addresses tried for one delivery: RFC 5321 §5.1 asks for two at least. */
  deliveryTargets: 6,
  /** Hosts that one attempt offers a message to: where the first will not take it now, the next may. */
  deliveryHosts: 2,
  /** Messages sent over one connection before it is closed. */
  sessionMessages: 1000,
  /** Next hops that mail is sent to at once, and connections to one of them. Each needs a block or two and a session: 300 KB. */
  nextHops: 20,
  hopConnections: 2,
  /** Dispatches read from a waiting line together, and settled together where no host can be reached. */
  dispatches: 50,
  /** Next hops whose failures are remembered, so that the messages for them do not try them one by one. */
  restingHops: 2000,
  /** Milliseconds between looks at whether the network is there again. */
  offlineMs: 60_000,
  /** Octets of a message that a report returns whole, and of the header section that others return. */
  reportFull: 64 * KiB,
  reportHeader: 64 * KiB,
  /** Characters kept for people of the last answer to a message that waits. */
  lastAnswer: 200,
  /** Rows that say what became of messages, and milliseconds they are kept: 30 days. */
  traceRows: 50_000,
  traceMs: 30 * 24 * 60 * 60_000,
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
  /** Octets of one SCRAM message once decoded: names and nonces have no bound in RFC 5802, real ones come to some 200. */
  scramMessage: 1024,
  /** PBKDF2 iterations a smarthost may ask of us: half a second on a desktop core, some ten seconds on a small board. */
  scramIterations: 1_000_000,
  /** Addresses and accounts whose failed logins are remembered. */
  throttleEntries: 2000,
  /** Accounts and devices whose recipients are counted. */
  quotaEntries: 2000,

  // Reports
  /** Recipients that the part of a report for people names; the part for programs names all. */
  reportRecipients: 100,
  /** Octets of a stranger's text or address in a report: with the name of its field it fits a line, which ends at 998. */
  reportText: 800,
  /** Octets of the original subject in a report: enough to know the message by. */
  reportSubject: 200,

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

  // Names (DNS)
  /** Milliseconds a name server gets for its answer, and how often one that stays silent is asked. */
  dnsAnswerMs: 5000,
  dnsRounds: 2,
  /** Name servers that are asked; the rest are left out. */
  dnsServers: 4,
  /** Octets of an answer by UDP: larger ones are broken up on their way and get lost (DNS Flag Day 2020). */
  dnsUdp: 1232,
  /** Datagrams that answer another question, after which TCP is used: somebody may be guessing (RFC 5452 §9.2). */
  dnsStrays: 10,
  /** Records in all sections of one answer, those of it that are used, and the addresses of one host that are. */
  dnsRecords: 2000,
  dnsUsed: 50,
  dnsAddresses: 20,
  /** Aliases followed from one name before a loop is assumed. */
  dnsAliases: 8,
  /** Answers kept, the octets of one that is kept, and milliseconds that answers and denials are believed at most (RFC 2308 §5). */
  dnsCache: 500,
  dnsCached: 8 * KiB,
  dnsCacheMs: 24 * 3_600_000,
  dnsDenialMs: 15 * 60_000,
  /** Questions under way at once (a socket each), and those that may wait. */
  dnsQueries: 32,
  dnsQueue: 1000,
  /** Certificates of a peer's chain that are compared with TLSA records. */
  chain: 10,

  // Policies of other hosts (MTA-STS, RFC 8461)
  /** Octets of a policy (§3.3), milliseconds in which it must have come, and milliseconds for which it is kept at most (§3.2). */
  stsPolicy: 64 * KiB,
  stsFetchMs: 10_000,
  stsAgeMs: 31_557_600_000,
  /** Patterns of one policy, and policies kept in memory. */
  stsPatterns: 50,
  stsPolicies: 500,
  /** Milliseconds after a failed fetch before the next one (§3.3). */
  stsRetryMs: 5 * 60_000,
} as const
