#include "http/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace redflag::http {

TlsStream::TlsStream(int fd, ssl_ctx_st* context) : fd_(fd), ssl_(SSL_new(context)) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd) != 1) {
    SSL_free(ssl_);
    ::close(fd);
    throw std::bad_alloc();
  }
  SSL_set_accept_state(ssl_);
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
  ::close(fd_);
}

TlsStream::State TlsStream::outcome(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE:
      return State::kOk;
    case SSL_ERROR_WANT_READ:
      return State::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return State::kWantWrite;
    default:
      return State::kClosed;
  }
}

namespace {

std::string_view refusalOf(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return {};
  switch (ERR_GET_REASON(error)) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      return "tls.certificate_refused";
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return "tls.plaintext";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
      return "tls.version";
    default:
      return {};
  }
}

}  // namespace

TlsStream::State TlsStream::handshake() {
  ERR_clear_error();
  const State state = outcome(SSL_do_handshake(ssl_));
  if (state == State::kClosed) refusal_ = refusalOf(ERR_peek_error());
  return state;
}

TlsStream::Io TlsStream::read(char* buffer, std::size_t size) {
  ERR_clear_error();
  Io io;
  io.state = outcome(SSL_read_ex(ssl_, buffer, size, &io.bytes));
  return io;
}

TlsStream::Io TlsStream::write(std::string_view bytes) {
  ERR_clear_error();
  Io io;
  io.state = outcome(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &io.bytes));
  return io;
}

bool TlsStream::hasBuffered() const {
  return SSL_has_pending(ssl_) == 1;
}

bool TlsStream::untouched() const {
  return SSL_in_before(ssl_) == 1;
}

bool TlsStream::peerLeft() const {
  pollfd asked{fd_, POLLRDHUP, 0};  // and what poll() tells unasked: POLLHUP, POLLERR
  return ::poll(&asked, 1, 0) == 1;
}

void TlsStream::closeSending() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  ::shutdown(fd_, SHUT_WR);
}

TlsStream::Io TlsStream::discard() {
  char buffer[16 << 10];
  const ssize_t count = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count > 0) return {State::kOk, static_cast<std::size_t>(count)};
  const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return {later ? State::kWantRead : State::kClosed, 0};
}

}  // namespace redflag::http
