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
  /** Octets of a field that are looked at while it passes by: its name and a message id, an author, or two host names. */
  fieldStart: 1 * KiB,
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
  /** Those of this host above which it is not forwarded again: two targets that send it back would double it each time. */
  passed: 2,
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
  /** Messages one maildrop shows in a session; the rest stay for the next one. 37 octets each. */
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
  /** Milliseconds between attempts to open a store that cannot be opened. */
  reopenMs: 60_000,
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

  // Mail of our own
  /** Octets of a message that is written or made here: it is held in memory as a whole. */
  draft: 1 * MiB,
  /** Messages that wait to be answered for those who are away: they come faster than they are read only in a flood. */
  vacationQueue: 100,
  /** Senders of the last days whose answers are remembered for one account; further ones get none. 23 octets each. */
  vacationTold: 500,
  /** Messages that wait to be sent on, above which nobody is told of an absence: there is trouble enough. */
  vacationBacklog: 1000,
  /** Octets of an absence's subject and text. */
  vacationSubject: 200,
  vacationText: 16 * KiB,
  /** Octets of a header section that are read to see whether it may be answered, and hosts it may have come over. */
  vacationHeader: 64 * KiB,
  vacationHops: 25,

  // Reports
  /** Recipients that the part of a report for people names; the part for programs names all. */
  reportRecipients: 100,
  /** Octets of a stranger's text or address in a report: with the name of its field it fits a line, which ends at 998. */
  reportText: 800,
  /** Octets of the original subject in a report: enough to know the message by. */
  reportSubject: 200,

  // Log
  /** Accounts that a line of the log names of those that got a message. */
  loggedAccounts: 10,
  /** Octets of lines kept while standard error cannot be written; later ones are dropped. */
  log: 64 * KiB,
  /** Octets and lines of the log that memory keeps: what the disk has not got yet, and what is there when it fails. */
  journalRing: 128 * KiB,
  journalRingLines: 2000,
  /** Octets of one line of it: names and answers of strangers are in there. */
  journalLine: 8 * KiB,
  /** Files that the log on the disk is divided into; the oldest goes when a new one begins. */
  journalFiles: 4,
  /** Octets gathered before they are written, and milliseconds after which fewer are: small writes wear out an SD card. */
  journalBatch: 16 * KiB,
  journalBatchMs: 60_000,
  /** Milliseconds between two writes, however many errors there are to write down. */
  journalPaceMs: 1000,
  /** Octets of the log that are read at once. */
  journalChunk: 16 * KiB,
  /** Characters that a sentence shows of a value: answers of hosts are long. */
  journalValue: 200,
  /** Lines that the command log shows at most, octets of them that it gathers, and lines it is behind by before it leaves some out. */
  logLines: 1000,
  logOctets: 256 * KiB,
  logBehind: 500,
  /** The same of the lines of a repair. */
  repairBehind: 100,
  /** Milliseconds for which an alert that comes again is not shown again, and alerts that are remembered. */
  alertMs: 3_600_000,
  alerts: 200,

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
  /** Control connections at once, those of them that are consoles, and octets of one control request. */
  controlConnections: 16,
  consoles: 8,
  controlRequest: 64 * KiB,

  // Terminals
  /** Characters of a line that is typed: the longest command has an address or two; more is a paste gone wrong. */
  consoleLine: 1000,
  /** Marks upon one character that is typed: no script needs more. */
  consoleMarks: 4,
  /** Keys that are kept of what is typed ahead: a few commands. */
  consoleAhead: 4096,
  /** Lines that the arrow up brings back, and JavaScript characters of all of them: marks upon a character count, too. */
  consoleHistory: 100,
  consoleHistoryText: 128 * KiB,
  /** Characters of one line that are printed, and of the rows that wait while --More-- is on the screen. */
  consolePrint: 16 * KiB,
  consoleHeld: 64 * KiB,
  /** Octets not yet taken by the line beyond which keys ask for no help, words or redrawing: a key must not cost a screen. */
  consoleBehind: 2 * KiB,
  /** Words shown where Tab finds several. */
  consoleCandidates: 200,
  /** Alerts that wait for the next question of a console; the log has them all. */
  consoleAlerts: 20,
  /** Octets of what is typed that are looked at together: arrows that bring back long lines are the most work. */
  consoleSlice: 256,
  /** Characters of the sequence that a key without a character sends: the longest that are known have some ten. */
  escapeSequence: 32,
  /** The size of a terminal that is believed: what is narrower shows nothing, and a larger one costs memory. */
  leastColumns: 20,
  leastRows: 4,
  mostColumns: 500,
  mostRows: 300,

  // Updates
  /** Octets of the list of contents of an update; real ones have some 500. */
  updateManifest: 16 * KiB,
  /** Octets of what an update brings, compressed, and of a slot. */
  updatePart: 256 * MiB,
  updateSlot: 512 * MiB,
  /** Octets of an update that are read, and unpacked, at once. */
  updateChunk: 64 * KiB,
  /** Octets of a block that is written into a slot or read back: cards like large ones. A multiple of WebAssembly's page. */
  updateBlock: 1 * MiB,
  /** Octets of a slot that are read back at once: their sum takes a small board some milliseconds. A multiple of a page. */
  updateRead: 256 * KiB,
  /** The octets that unpacking may look back upon, as a power of two: they are held in memory. */
  updateWindowLog: 21,
  /** Octets of the address of an update, and redirections that are followed. */
  updateUrl: 2000,
  updateRedirects: 5,
  /** Milliseconds in which something of a download has to come, and in which all of it has to: 60 MB at 10 KB a second. */
  updateStallMs: 60_000,
  updateFetchMs: 2 * 3_600_000,
  /** Attempts at one download, each of which goes on where the one before broke off, and milliseconds between them. */
  updateAttempts: 5,
  updatePauseMs: 5000,
  /** Entries of a folder that are looked at for updates, or for the list of contents of a slot. */
  updateEntries: 1000,

  // The process
  /** Milliseconds that a piece of work takes before others have their turn: nobody is to wait for 50, and slow boards take longer. */
  turnMs: 10,
  /** Known words that one which is not known is compared with: each takes a small board some tenths of a millisecond. */
  guesses: 500,
  /** Octets of memory that Porchlight may take of a board that has 512 MiB and other things to do, too. */
  memory: 120 * MiB,
  /** Days whose disk use is remembered: what a household does in two months shows how fast its disk fills. */
  statisticsDays: 60,

  // Reading mail at the console
  /** Octets of a message's header section that are read for people, and of a part's: real ones have a few KiB. */
  readHeader: 64 * KiB,
  partHeader: 16 * KiB,
  /** Fields of one header section that are read for people. */
  readFields: 1000,
  /** Mailboxes of one field that are read for people. */
  correspondents: 100,
  /** Encoded words of one text that are decoded: each may be in a charset of its own, and needs a decoder then. */
  encodedWords: 500,
  /** Octets of the name of a charset; the longest of IANA's have some 40. */
  charsetName: 60,
  /** Parts of a message, and parts inside one another: what is deeper is one part, and what is more is passed over. */
  mimeParts: 500,
  mimeDepth: 20,
  /** Octets of a boundary line (RFC 2046 §5.1.1 grants 70 to the boundary; some take more). */
  boundaryLine: 300,
  /** Characters of a file name in a message, and of what is shown of a message inside another. */
  partName: 255,
  /** Characters of HTML that are read; with the pictures inside it, some mail has more, but no text behind it. */
  html: 2 * MiB,
  /** Elements of HTML inside one another, and characters of one tag or comment: beyond that the rest is not shown. */
  htmlDepth: 300,
  htmlTag: 128 * KiB,
  /** Links of HTML that are numbered, characters of each address, and of its text, which is compared with it. */
  htmlLinks: 100,
  htmlLink: 500,
  htmlLinkText: 300,
  /** Characters of a line of text after which it is broken, wherever that is. */
  readLine: 2000,
  /** Messages of a mailbox that the reader numbers, the newest: 4 octets each while it is open. */
  readerNumbers: 100_000,
  /** Messages that one search looks at, and those it shows. */
  readerSearch: 20_000,
  readerFound: 100,
  /** Messages that one command of the reader takes. */
  readerMessages: 1000,
  /** Messages marked as deleted that leaving the reader removes; 30 octets each while it is open. */
  readerDeleted: 10_000,
  /** Octets of the text of a letter written at the console. */
  letterText: 64 * KiB,
  /** Addresses that Tab offers, those of the messages seen last. */
  readerAddresses: 200,
  /** Octets after which saving says how far it is. */
  saveProgress: 4 * MiB,

  // Serial lines
  /** Milliseconds between looks at whether a line is there, and at most between attempts where it cannot be opened. */
  lineLookMs: 2000,
  lineRetryMs: 60_000,
  /** Milliseconds that setting a line may take: a device that answers nothing must not keep the program for good. */
  lineSettingMs: 5000,
  /** Octets that the kernel keeps of what a serial line still has to send: one page, UART_XMIT_SIZE of Linux. */
  lineUnsent: 4 * KiB,

  // The board
  /** Octets of a file by which the boot scripts tell something, and serial lines that are taken from one. */
  boardFile: 64 * KiB,
  boardTtys: 16,
  /** Settings of `porchlight.toml` on the first partition, and characters of the name of one; there are some 60. */
  cardSettings: 100,
  cardName: 100,
  /** Milliseconds between looks at these files, beside those when the kernel tells of a change. */
  boardLookMs: 5000,
  /** Octets of a request to the steward, milliseconds until it takes it, and until it has answered: it reads a slot before it chooses it. */
  stewardLine: 512,
  stewardOpenMs: 3000,
  stewardMs: 120_000,
  /** Milliseconds until the installer listens, that it may take on the slowest of cards, and between two looks at how far it is. */
  installOpenMs: 30_000,
  installMs: 30 * 60_000,
  installLookMs: 250,
  /** Milliseconds between two feedings of the watchdog, which bites after 15 or more. */
  watchdogMs: 5000,
  /** Milliseconds until the server has to be ready: a large store that has to be looked through on a slow card takes long. */
  boardStartMs: 30 * 60_000,
  /** Milliseconds of the short blink of the board's light, and of half of the slow blinking. */
  ledShortMs: 100,
  ledSlowMs: 1000,
  /** Milliseconds in which a version on trial has to be well, between two looks, and that its self-test may take. */
  trialMs: 3 * 60_000,
  trialAgainMs: 10_000,
  selftestMs: 2 * 60_000,
  /** Milliseconds between looks at how much was written to the storage. */
  writtenLookMs: 5 * 60_000,

  // The box on its own network
  /** Milliseconds that a change of the network is waited for before what there is is shown: a router may take its time. */
  networkSettleMs: 20_000,
  /** Octets of a datagram of multicast DNS (RFC 6762 §17), and questions and records of one. */
  mdnsDatagram: 9000,
  mdnsQuestions: 100,
  mdnsRecords: 200,
  /** Datagrams a second that are looked at of those with our name, and octets: a large one takes a small board 10 ms. */
  mdnsPace: 200,
  mdnsPaceOctets: 64 * KiB,
  /** Answers a second to single askers: nobody is to be flooded by questions in their name. */
  mdnsAnswers: 20,
  /** Disputes over a name within ten seconds after which there is a pause (RFC 6762 §8.1), and numbers tried behind a name. */
  mdnsDisputes: 15,
  mdnsNumbers: 99,
  /** Addresses announced, and former ones that are remembered: what a reflector sends back late is no dispute. */
  mdnsAddresses: 16,
  mdnsFormer: 64,
  /** Milliseconds until sockets that failed are opened again. */
  mdnsRetryMs: 30_000,
  /** Milliseconds that the last word may take at the end. */
  mdnsGoodbyeMs: 500,

  // Time (SNTP)
  /** Milliseconds a time server gets for its answer; it has to be one that is not far away. */
  timeAnswerMs: 5000,
  /** Addresses of a time server that are asked, and datagrams from one of them that answer something else. */
  timeAddresses: 3,
  timeStrays: 10,

  // The doctor
  /** Checks made at once: each may have a few sockets open, and nobody waits for the last one. */
  doctorChecks: 4,
  /** Milliseconds that one check may take: a silent name server alone takes ten seconds for each name. */
  doctorCheckMs: 90_000,
  /** Milliseconds that a host called by the doctor gets to take the call, and then to answer. */
  doctorCallMs: 10_000,
  /** Names asked for to weigh one SPF record, those of them that may come to nothing, and hosts of one term: RFC 7208 §4.6.4. */
  spfLookups: 10,
  spfVoid: 2,
  spfHosts: 10,
  /** Mail hosts of a domain, and public addresses of ours, that are looked at: a few are asked about at ten places each. */
  doctorHosts: 10,
  /** Messages looked at for one that came from outside, the newest first. */
  doctorMessages: 200,
  /** Findings that the postmaster was told of and that are remembered. */
  doctorTold: 200,
  /** Characters kept of what a job came to. */
  jobResult: 500,
  /** Milliseconds between looks at whether the clock has jumped or a job was missed, and from the start to the first of these. */
  jobsLookMs: 60_000,
  jobsQuietMs: 15 * 60_000,
  /** Milliseconds that a job may begin too late by: the process may be busy, or the board asleep. */
  jobsLateMs: 3_600_000,

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
