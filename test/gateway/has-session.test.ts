import { expect, it } from 'vitest'
import { hasSession } from '../../src/gateway/reply-facts.ts'

const facts = (text: string) => ({ status: 200, text, envelope: null, sent: {}, is429Refusal: false })

it.each(['"session_id": "S1"', '"SESSION_ID":"S1"', '"sessionId":"S1"', '"session_id":["S1"]'])(
  'a session is found in %s',
  (member) => expect(hasSession(facts(`{${member}}`))).toBe(true),
)

it.each(['"session_id": ""', '"session_id":null', '"session_id":[]'])('none is found in %s', (member) =>
  expect(hasSession(facts(`{${member}}`))).toBe(false),
)
