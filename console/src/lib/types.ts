// Shapes of the REST API and of the stream of events, as far as the console reads them.

export interface ApiError {
  message: string
  error?: number
  details?: string
  data?: {
    outcome?: 'not-done' | 'unknown'
    faults?: Fault[]
    /** What is wrong with the CSRF token. */
    csrf?: 'missing' | 'wrong'
    /** That no login is wanted. */
    login?: 'none'
  }
}

/** What is wrong with a blueprint, and where; lines and columns begin at 1. */
export interface Fault {
  file?: string
  line?: number
  column?: number
  message: string
}

export type NodeStatus =
  'INITIALIZING' | 'STANDBY' | 'HOT_STANDBY' | 'HOT_BACKUP' | 'MASTER' | 'FAILED' | 'TERMINATED'

export type Mode = 'AUTO' | 'MASTER' | 'STANDBY' | 'HOT_STANDBY' | 'HOT_BACKUP' | 'DISABLED'

export interface PlaneNode {
  nodeId: string
  nodeUri: string | null
  status: NodeStatus
  priority: number
  name: string
  host: string
  mode: Mode
  version: string
  epoch: number
  tail: number
  heartbeatAgeMs: number | null
  lagMs: number | null
  ready: boolean
  next: number | null
  address: string
  thisNode: boolean
  isMaster: boolean
  leaving: boolean
  alarm: string
}

export type Phase =
  'led' | 'silent' | 'gone' | 'taking-over' | 'vacant' | 'cut-off' | 'alone' | 'unknown'

/** What a node knows of who leads. */
export interface View {
  phase: Phase
  node?: string
  name?: string
  epoch?: number
  sinceMs?: number
  silentMs?: number
  to?: string
  says: string
}

/** A hand-over that is to be done at a time. */
export interface Planned {
  atUtc: number
  /** Who shall lead; empty for the next in line. */
  to: string
  by: string
  reason: string
  /** Why it was not done. */
  failed?: string
}

export interface Plane {
  planeId: string | null
  ownId: string
  masterId: string
  nodes: Record<string, PlaneNode>
  heartbeatTimeoutMs: number
  planned?: Planned | null
  /** What the node that says this does with changes while it does not lead. */
  nonMasterWrites?: 'forward' | 'redirect' | 'refuse'
  view?: View
}

export interface Mastership {
  epoch: number
  node: string
  name: string
  from: string
  reason: string
  evidence: string
  detectMs: number
  electMs: number
  replayMs: number
  guess: boolean
  interrupted: string[]
  startedUtc: number
  activeUtc: number | null
  endedUtc: number | null
  endReason: string | null
}

export interface ApplicationSummary {
  id: string
  spec: { name: string; type?: string }
  status: string
}

export interface EntityDetail {
  id: string
  name: string
  type: string
  applicationId: string
  parentId: string | null
  serviceUp: boolean | null
  serviceState: string | null
  creationTimeUtc: number
  members?: { id: string; name: string }[]
  children?: EntityDetail[]
}

export interface SensorSummary {
  name: string
  type: string
  description?: string
  links: Record<string, string>
}

export interface ConfigSummary {
  name: string
  type: string
  label?: string
  description?: string
  defaultValue?: unknown
  reconfigurable: boolean
}

export interface ParameterSummary {
  name: string
  type: string
  description?: string
  defaultValue: unknown
  shouldSanitize: boolean
}

export interface EffectorSummary {
  name: string
  description?: string
  parameters: ParameterSummary[]
}

export interface TaskLink {
  link: string
  metadata: { id: string; taskName: string; entityId?: string; entityDisplayName?: string }
}

export interface TaskSummary {
  id: string
  displayName: string
  description: string
  entityId?: string
  entityDisplayName?: string
  tags: unknown[]
  submitTimeUtc?: number
  startTimeUtc?: number
  endTimeUtc?: number
  currentStatus: string
  result?: unknown
  isError: boolean
  isCancelled: boolean
  interrupted?: boolean
  children: TaskLink[]
  submittedByTask?: TaskLink
  blockingDetails?: string
  detailedStatus?: string
  streams: Record<string, { link: string; metadata: { size: number } }>
  links: Record<string, string>
  takenUp?: { count: number; lastUtc: number; by?: string }
  warnings?: string[]
}

export interface Interrupted {
  id: string
  name: string
  entityId?: string
  entityDisplayName?: string
  effector?: string
  cause: string
  reason: string
  step?: string
  sinceUtc: number
  failover?: { epoch: number; node: string; from: string; reason: string; atUtc: number }
  resolved?: { how: string; by: string; atUtc: number; why?: string; task?: string }
  choices?: Record<Way, { possible: boolean; will: string[] }>
  links: Record<string, string>
}

export type Way = 'resume' | 'replay' | 'abandon'

export interface StoreSummary {
  url: string
  trouble: string
  probe: {
    fit: boolean
    probedUtc: number
    tookMs: number
    findings: {
      property: string
      verdict: 'pass' | 'slow' | 'warn' | 'fail'
      observed: string
      advice: string
      lagMs: number | null
    }[]
    create: { medianMs: number; p99Ms: number }
  } | null
}

export interface Session {
  user: string
  csrf: string
  pass: string
  passMs: number
  renewMs: number
  /** Whether it was begun at another node than the page's own, which has no cookie of it. */
  byPass?: boolean | undefined
}

// Events; see docs/events.md.

export interface Hello {
  node: string
  name: string
  plane: string
  seq: number
  readable: boolean
  resumed: boolean
  user: string
  beatMs: number
  pollMs: number
  at: number
}

export interface Pulse {
  /** Of each node the age of its heartbeat and its lag, in ms, and its last entry. */
  nodes: Record<string, number[]>
  last?: { seq: number; at: number }
}

export type Change =
  | EntityChange
  | { type: 'state'; id: string; application: string; state: string | null; isUp: boolean | null }
  | {
      type: 'sensors'
      id: string
      application: string
      set: Record<string, unknown>
      removed: string[]
    }
  | TaskChange
  | { type: 'interrupted'; id: string; waits: boolean }
  | ({ type: 'mastership' } & Mastership)

export interface EntityChange {
  type: 'application' | 'entity'
  what: 'added' | 'changed' | 'removed'
  id: string
  application: string
  parent?: string | null
  name?: string
  entityType?: string
  state?: string | null
  isUp?: boolean | null
  created?: number
  /** Names of what has changed of its own config. */
  config?: string[]
}

export type TaskStatus =
  'submitted' | 'running' | 'completed' | 'failed' | 'cancelled' | 'interrupted'

export interface TaskChange {
  type: 'task'
  what: 'added' | 'changed' | 'removed'
  id: string
  application: string
  name?: string
  description?: string
  entity?: string
  entityName?: string
  effector?: string | null
  parent?: string | null
  submitted?: number | null
  started?: number | null
  ended?: number | null
  status?: TaskStatus
  error?: string
  streams?: Record<string, number>
}

export interface Changes {
  seq: number
  changes: Change[]
}
