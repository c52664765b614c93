/* Search works from the disk: browsers start no worker for a file: page, so there the search script runs in a hidden
   frame that talks like a worker. Elsewhere nothing changes. */
if (location.protocol === "file:")
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      this.waiting = []
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.appendChild(frame)
      const inside = frame.contentWindow
      inside.document.open()
      inside.document.write("<!doctype html><html><body></body></html>")
      inside.document.close()
      inside.importScripts = (...sources) => sources.reduce((before, source) => before.then(() => load(inside, source)), Promise.resolve())
      inside.postMessage = data => this.tell(data)
      load(inside, url).then(() => {
        this.deliver = data => inside.dispatchEvent(new inside.MessageEvent("message", { data }))
        this.waiting.forEach(this.deliver)
      })
      function load(target, source) {
        return new Promise((done, failed) => {
          const script = target.document.createElement("script")
          script.src = new URL(source, document.baseURI).href
          script.onload = done
          script.onerror = failed
          target.document.body.appendChild(script)
        })
      }
    }
    tell(data) {
      const event = new MessageEvent("message", { data })
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }
    postMessage(data) {
      this.deliver ? this.deliver(data) : this.waiting.push(data)
    }
    terminate() {}
  }
