import { expect, test } from 'vitest'
import { entityPath, fromAmp, pageAt } from './route.svelte'

test.each([
  ['/', { name: 'home' }],
  ['/about', { name: 'about' }],
  ['/applications/a1', { name: 'application', app: 'a1', entity: 'a1', tab: 'summary' }],
  [
    '/applications/a1/entities/e%2F1/sensors',
    { name: 'application', app: 'a1', entity: 'e/1', tab: 'sensors' },
  ],
  ['/activities/t1', { name: 'activity', task: 't1' }],
  ['/nothing/here', { name: 'missing', path: '/nothing/here' }],
])('%s', (path, page) => expect(pageAt(path)).toEqual(page))

test('an address that was made is understood', () => {
  expect(pageAt(entityPath('a 1', 'e/1', 'config'))).toEqual({
    name: 'application',
    app: 'a 1',
    entity: 'e/1',
    tab: 'config',
  })
})

test.each([
  ['/', '#!/about', '/about'],
  ['/', '#!/', '/'],
  ['/brooklyn-ui-home/', '#!/about', '/about'],
  [
    '/brooklyn-ui-app-inspector/',
    '#!/application/a1/entity/e1/summary',
    '/applications/a1/entities/e1',
  ],
  [
    '/brooklyn-ui-app-inspector/',
    '#!/application/a1/entity/e1/sensors',
    '/applications/a1/entities/e1/sensors',
  ],
  ['/brooklyn-ui-app-inspector/', '#!/application/a1/entity/e1/activities/t1', '/activities/t1'],
  [
    '/brooklyn-ui-app-inspector/',
    '#!/application/a1/entity/e1/activities/t1/stream/stdout',
    '/activities/t1',
  ],
  [
    '/brooklyn-ui-app-inspector/',
    '#!/application/a1/entity/e1/effectors?search=stop',
    '/applications/a1/entities/e1/effectors',
  ],
  [
    '/brooklyn-ui-app-inspector/',
    '#!/application/a1/entity/e1/management/p1',
    '/applications/a1/entities/e1',
  ],
  ['/', '#!/deploy/bundle/1.0/type/1.0', '/deploy'],
  ['/brooklyn-ui-app-inspector/', '', '/'],
  ['/brooklyn-ui-blueprint-composer/', '#!/graphical', '/deploy'],
])("AMP's %s%s leads to %s", (path, hash, ours) => expect(fromAmp(path, hash)).toBe(ours))

test('an address of ours leads nowhere else', () => {
  expect(fromAmp('/about', '')).toBeUndefined()
  expect(fromAmp('/', '')).toBeUndefined()
})
