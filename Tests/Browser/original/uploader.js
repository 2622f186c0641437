// The client of X-Start-Byte as pages have it, written down from what it does (spec/x-start-byte.md): it names the
// file, asks what is there, sends all of the rest in one request, and takes any 200 for success.

class Uploader {
  constructor({ file, onProgress }) {
    this.file = file
    this.onProgress = onProgress
    this.fileId = file.name + '-' + file.size + '-' + file.lastModified
  }

  async getUploadedBytes() {
    const response = await fetch('status', { headers: { 'X-File-Id': this.fileId } })
    if (response.status !== 200) throw new Error('no status: ' + response.statusText)
    return +await response.text()
  }

  async upload() {
    this.startByte = await this.getUploadedBytes()
    const request = this.xhr = new XMLHttpRequest()
    request.open('POST', 'upload', true)
    request.setRequestHeader('X-File-Id', this.fileId)
    request.setRequestHeader('X-Start-Byte', this.startByte)
    request.upload.onprogress = (event) => this.onProgress(this.startByte + event.loaded, this.startByte + event.total)
    request.send(this.file.slice(this.startByte))
    // true: sent; false: stopped; else it throws
    return new Promise((resolve, reject) => {
      request.onload = request.onerror = () => {
        if (request.status === 200) resolve(true)
        else reject(new Error('upload failed: ' + request.statusText))
      }
      request.onabort = () => resolve(false)
    })
  }

  stop() {
    if (this.xhr) this.xhr.abort()
  }
}
