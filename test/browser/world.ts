import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { findChromium } from '../../bin/chromium.mjs'
import { SITE, isBuilt } from '../../bin/console-sources.mjs'
import { newHub, type TestHub, type TestHubOptions } from '../hub.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A machine that is busy takes its time; nothing is measured here. */
const SLOWEST_MS = 60_000
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const PASSWORD = 'correct horse battery'
export const PHONE_SCREEN = { viewport: { width: 375, height: 720 }, hasTouch: true, isMobile: true }

/** A page of the console whose faults fail its test. */
export type Visit = { page: Page; faults: string[] }
export type World = TestHub & {
  /** A user of the tenant; its id. */
  newUser(email: string, role?: string, more?: Record<string, unknown>): Promise<number>
  /** A window of its own, nobody signed in. */
  visit(path: string, options?: BrowserContextOptions): Promise<Visit>
  /** A window with somebody signed in through the form. */
  visitAs(email: string, path: string, options?: BrowserContextOptions): Promise<Visit>
}

let building = false
function siteDir(): string {
  if (!building && !isBuilt(ROOT)) {
    building = true
    execFileSync(process.execPath, [join(ROOT, 'bin', 'console-build.mjs')], { stdio: 'inherit' })
  }
  return join(ROOT, SITE)
}

let browser: Promise<Browser> | null = null

/** One browser for all tests of a file; every visit has a window and cookies of its own. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
}

/** A real hub with the built console, and Chromium to look at it with. */
export async function newWorld(t: TestContext, options: TestHubOptions = {}): Promise<World> {
  const hub = await newHub(t, 'sqlite', { consoleDir: siteDir(), ...options })
  browser ??= chromium.launch({ executablePath: findChromium() ?? '', headless: true, args: FLAGS })
  const opened = await browser

  const visit: World['visit'] = async (path, more = {}) => {
    const context = await opened.newContext({ baseURL: hub.hub.url, locale: 'en-GB', ...more })
    t.after(() => context.close())
    context.setDefaultTimeout(SLOWEST_MS)
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      // The browser itself notes answers such as 401 at the sign-in: they are part of the journey.
      const isAnswer = message.text().startsWith('Failed to load resource')
      if (message.type() === 'error' && !isAnswer) faults.push(message.text())
    })
    await page.goto(path)
    return { page, faults }
  }
  return {
    ...hub,
    visit,
    async newUser(email, role = 'agent', more = {}) {
      const body = { email, name: email.split('@')[0], password: PASSWORD, memberships: [{ role }], ...more }
      const made = await hub.ask('POST', '/api/v1/users', { body })
      assert.equal(made.status, 201, made.text)
      return made.json.id
    },
    async visitAs(email, path, more) {
      const { page, faults } = await visit(path, more)
      await signIn(page, email)
      return { page, faults }
    },
  }
}

export async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** Fails with what axe finds on the page as it is, or with what the browser complained of. */
export async function assertClean({ page, faults }: Visit): Promise<void> {
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>
      }
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
    )
  })
  assert.deepEqual(found, [])
  assert.deepEqual(faults, [])
}

/** Whether the page is wider than the screen. */
export async function overflows(page: Page): Promise<boolean> {
  return await page.locator('html').evaluate((root) => root.scrollWidth > root.clientWidth)
}
