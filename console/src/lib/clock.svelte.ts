// The moment, for everything on the page that grows older. Nothing ticks in a hidden page.

class Clock {
  now = $state(Date.now())
  #timer: ReturnType<typeof setInterval> | undefined

  start(): void {
    const set = () => {
      clearInterval(this.#timer)
      if (document.hidden) return
      this.now = Date.now()
      this.#timer = setInterval(() => (this.now = Date.now()), 500)
    }
    document.addEventListener('visibilitychange', set)
    set()
  }
}

export const ticking = new Clock()
