/*
 * This file is the bench's upstream: a fixed, very fast chat-completions server on loopback, so that what is measured is the gateway.
 * One epoll thread, keep-alive, pipelining-safe, HTTP/1.1. Every reply is built once at start.
 *
 *   POST …/chat/completions   a fixed JSON reply of about 600 bytes; with "stream":true a role event, 100 content events, a finish event,
 *                             a usage event when the body asks for it ("include_usage":true), and [DONE]: one chunk and one send() per event.
 *                             A body that contains "bench-slow" gets one event every 10 ms; "bench-hold" gets two events and then silence.
 *   GET  …/models             a list of one model.
 *   GET  /bench/served        how many chat completions were asked of it since it started, and how many streams it sent, parts of streams included.
 *
 * Usage: upstream EVENTS_PER_SEND   It prints "listening PORT" once it accepts connections.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CONTENT_EVENTS = 100, STEPS_MAX = CONTENT_EVENTS + 8, FD_MAX = 65536, BODY_MAX = 4 << 20, PACE_MS = 10, HELD_STEPS = 2 };

/* A reply and where each of its steps ends: a step is what may be sent before the next pause. */
typedef struct { char *bytes; size_t length; size_t ends[STEPS_MAX]; int steps; } Reply;
typedef enum { AT_ONCE, PACED, HELD } Pace;
typedef struct {
  int fd; char *in; size_t in_length, in_size;
  const Reply *reply; size_t sent; int step; Pace pace; long due_ms; int closes, waits_to_write;
} Connection;

static Reply json_reply, stream_reply, stream_usage_reply, models_reply, missing_reply, served_reply;
static Connection *connections[FD_MAX];
static int paced[FD_MAX], paced_count, epoll_fd, events_per_send = 1;
static unsigned long served;
static double streamed;

static long now_ms(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000 + t.tv_nsec / 1000000; }

static void append(Reply *reply, const char *bytes, size_t length) {
  reply->bytes = realloc(reply->bytes, reply->length + length + 1);
  memcpy(reply->bytes + reply->length, bytes, length);
  reply->length += length;
  reply->bytes[reply->length] = 0;
}

static void end_step(Reply *reply) { reply->ends[reply->steps++] = reply->length; }

static void build_plain(Reply *reply, const char *status, const char *body) {
  char head[256];
  int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: %zu\r\n\r\n", status, strlen(body));
  reply->length = 0, reply->steps = 0;
  append(reply, head, (size_t)length);
  append(reply, body, strlen(body));
  end_step(reply);
}

static void append_event(Reply *reply, const char *payload) {
  char chunk[1024], size[16];
  int length = snprintf(chunk, sizeof chunk, "data: %s\n\n", payload);
  int size_length = snprintf(size, sizeof size, "%x\r\n", (unsigned)length);
  append(reply, size, (size_t)size_length);
  append(reply, chunk, (size_t)length);
  append(reply, "\r\n", 2);
}

static void append_choice(Reply *reply, const char *delta, const char *finish, int asks_usage) {
  char payload[768];
  snprintf(payload, sizeof payload,
    "{\"id\":\"chatcmpl-bench0000000000000000000000\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"bench-model\","
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":%s}]%s}",
    delta, finish, asks_usage ? ",\"usage\":null" : "");
  append_event(reply, payload);
  end_step(reply);
}

#define USAGE "{\"prompt_tokens\":180,\"completion_tokens\":100,\"total_tokens\":280,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}," \
  "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}"

static void build_stream(Reply *reply, int asks_usage) {
  const char *head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n";
  append(reply, head, strlen(head));
  append_choice(reply, "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null", asks_usage);
  for (int i = 0; i < CONTENT_EVENTS; i++) {
    char delta[64];
    snprintf(delta, sizeof delta, "{\"content\":\" word%02d\"}", i);
    append_choice(reply, delta, "null", asks_usage);
  }
  append_choice(reply, "{}", "\"stop\"", asks_usage);
  if (asks_usage) {
    append_event(reply, "{\"id\":\"chatcmpl-bench0000000000000000000000\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"bench-model\","
      "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":[],\"usage\":" USAGE "}");
    end_step(reply);
  }
  append_event(reply, "[DONE]");
  append(reply, "0\r\n\r\n", 5);
  end_step(reply);
}

static void build_replies(void) {
  build_plain(&json_reply, "200 OK",
    "{\"id\":\"chatcmpl-bench0000000000000000000000\",\"object\":\"chat.completion\",\"created\":1750000000,\"model\":\"bench-model\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"The quick brown fox jumps over the lazy dog.\",\"refusal\":null,\"annotations\":[]},"
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":" USAGE ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}");
  build_stream(&stream_reply, 0);
  build_stream(&stream_usage_reply, 1);
  build_plain(&models_reply, "200 OK", "{\"object\":\"list\",\"data\":[{\"id\":\"bench-model\",\"object\":\"model\",\"created\":1750000000,\"owned_by\":\"bench\"}]}");
  build_plain(&missing_reply, "404 Not Found", "{\"error\":{\"message\":\"No such path.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"unknown_url\"}}");
}

static void unpace(int fd) {
  for (int i = 0; i < paced_count; i++) if (paced[i] == fd) { paced[i] = paced[--paced_count]; return; }
}

static void hang_up(Connection *connection) {
  if (connection->reply && connection->pace == PACED) unpace(connection->fd);
  connections[connection->fd] = NULL;
  close(connection->fd);
  free(connection->in);
  free(connection);
}

static void watch(Connection *connection, int wants_to_write) {
  if (connection->waits_to_write == wants_to_write) return;
  connection->waits_to_write = wants_to_write;
  struct epoll_event event = { .events = EPOLLIN | (wants_to_write ? EPOLLOUT : 0), .data.fd = connection->fd };
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Sends as much of the reply as is due. 0: gone, 1: more to come later, 2: the reply is complete. */
static int pump(Connection *connection) {
  const Reply *reply = connection->reply;
  for (;;) {
    int stride = connection->pace == AT_ONCE ? events_per_send : 1;
    int last = connection->step + stride - 1 < reply->steps ? connection->step + stride - 1 : reply->steps - 1;
    ssize_t count = send(connection->fd, reply->bytes + connection->sent, reply->ends[last] - connection->sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) { hang_up(connection); return 0; }
    if (count > 0) connection->sent += (size_t)count;
    if (connection->sent < reply->ends[last]) { watch(connection, 1); return 1; }
    if (reply->steps > 1) streamed += (double)(last + 1 - connection->step) / reply->steps;
    connection->step = last + 1;
    if (connection->step >= reply->steps) break;
    if (connection->pace == HELD && connection->step >= HELD_STEPS) { watch(connection, 0); return 1; }
    if (connection->pace == PACED) { connection->due_ms += PACE_MS; watch(connection, 0); return 1; }
  }
  watch(connection, 0);
  if (connection->pace == PACED) unpace(connection->fd);
  connection->reply = NULL;
  if (connection->closes) { hang_up(connection); return 0; }
  return 2;
}

static const char *find(const char *bytes, size_t length, const char *text) { return memmem(bytes, length, text, strlen(text)); }

/* The value of a header in the head, or NULL. Names are compared without case, at the start of a line. */
static const char *header(const char *head, size_t length, const char *name) {
  size_t name_length = strlen(name);
  for (const char *line = head; (line = memmem(line, (size_t)(head + length - line), "\r\n", 2)); ) {
    line += 2;
    if ((size_t)(head + length - line) > name_length && line[name_length] == ':' && !strncasecmp(line, name, name_length)) {
      const char *value = line + name_length + 1;
      while (*value == ' ') value++;
      return value;
    }
  }
  return NULL;
}

/* The length of a chunked body including its framing, 0 while incomplete, -1 when it is nonsense. Trailers are not understood. */
static long chunked_length(const char *body, size_t length) {
  size_t at = 0;
  for (;;) {
    const char *line_end = memmem(body + at, length - at, "\r\n", 2);
    if (!line_end) return 0;
    char *stop;
    unsigned long size = strtoul(body + at, &stop, 16);
    if (stop == body + at || size > BODY_MAX) return -1;
    at = (size_t)(line_end - body) + 2 + size + 2;
    if (at > length) return 0;
    if (size == 0) return (long)at;
  }
}

static void choose(Connection *connection, const char *head, const char *body, size_t body_length) {
  size_t line = (size_t)((const char *)memchr(head, '\r', (size_t)(body - head)) - head);
  connection->sent = 0, connection->step = 0, connection->pace = AT_ONCE;
  if (!strncmp(head, "POST ", 5) && find(head, line, "/chat/completions ")) {
    served++;
    int streams = find(body, body_length, "\"stream\":true") || find(body, body_length, "\"stream\": true");
    if (!streams) { connection->reply = &json_reply; return; }
    connection->reply = find(body, body_length, "\"include_usage\":true") ? &stream_usage_reply : &stream_reply;
    if (find(body, body_length, "bench-hold")) connection->pace = HELD;
    if (find(body, body_length, "bench-slow")) { connection->pace = PACED; connection->due_ms = now_ms(); paced[paced_count++] = connection->fd; }
    return;
  }
  if (find(head, line, "/models ")) { connection->reply = &models_reply; return; }
  if (!find(head, line, "/bench/served ")) { connection->reply = &missing_reply; return; }
  char body_text[64];
  snprintf(body_text, sizeof body_text, "{\"served\":%lu,\"streamed\":%.2f}", served, streamed);
  build_plain(&served_reply, "200 OK", body_text);
  connection->reply = &served_reply;
}

/* Answers every complete request in the buffer, in order. 0 when the connection is gone. */
static int answer(Connection *connection) {
  size_t at = 0;
  while (!connection->reply) {
    const char *head = connection->in + at;
    size_t length = connection->in_length - at;
    const char *body = find(head, length, "\r\n\r\n");
    if (!body) break;
    size_t head_length = (size_t)(body - head) + 2;
    body += 4;
    size_t body_here = length - (size_t)(body - head);
    const char *stated = header(head, head_length, "content-length"), *coding = header(head, head_length, "transfer-encoding");
    long body_length = stated ? strtol(stated, NULL, 10) : 0;
    if (coding && !strncasecmp(coding, "chunked", 7)) {
      body_length = chunked_length(body, body_here);
      if (body_length == 0) break;
    }
    if (body_length < 0 || body_length > BODY_MAX) { hang_up(connection); return 0; }
    if ((size_t)body_length > body_here) break;
    const char *persistence = header(head, head_length, "connection");
    connection->closes = persistence && !strncasecmp(persistence, "close", 5);
    choose(connection, head, body, (size_t)body_length);
    at += (size_t)(body - head) + (size_t)body_length;
    if (!pump(connection)) return 0;
  }
  memmove(connection->in, connection->in + at, connection->in_length - at);
  connection->in_length -= at;
  return 1;
}

static void read_more(Connection *connection) {
  for (;;) {
    if (connection->in_size - connection->in_length < 32768) {
      if (connection->in_size > BODY_MAX) { hang_up(connection); return; }
      connection->in_size = connection->in_size ? connection->in_size * 2 : 65536;
      connection->in = realloc(connection->in, connection->in_size + 1);
    }
    size_t room = connection->in_size - connection->in_length;
    ssize_t count = recv(connection->fd, connection->in + connection->in_length, room, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) { hang_up(connection); return; }
    if (count < 0) return;
    connection->in_length += (size_t)count;
    connection->in[connection->in_length] = 0;
    if (!connection->reply && !answer(connection)) return;
    if ((size_t)count < room) return;
  }
}

static void accept_all(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0; ) {
    int on = 1;
    if (fd >= FD_MAX) { close(fd); continue; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection *connection = calloc(1, sizeof *connection);
    connection->fd = fd;
    connections[fd] = connection;
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

static void go_on(Connection *connection) {
  if (pump(connection) == 2) answer(connection);
}

/* Sends the events that are due; returns for how long nothing will be. */
static int send_due(void) {
  if (!paced_count) return -1;
  long now = now_ms(), next = now + PACE_MS;
  for (int i = paced_count - 1; i >= 0; i--) {
    Connection *connection = connections[paced[i]];
    if (!connection->waits_to_write && connection->due_ms <= now) { go_on(connection); continue; }
    if (connection->due_ms < next) next = connection->due_ms;
  }
  return next > now ? (int)(next - now) : 0;
}

int main(int count, char **arguments) {
  if (count > 1) events_per_send = atoi(arguments[1]);
  if (events_per_send < 1) { fputs("usage: upstream EVENTS_PER_SEND\n", stderr); return 2; }
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  build_replies();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096) || getsockname(listener, (struct sockaddr *)&address, &size)) { perror("listen"); return 1; }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event first = { .events = EPOLLIN, .data.fd = listener }, events[256];
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &first);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, 256, send_due());
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) { accept_all(listener); continue; }
      if ((events[i].events & EPOLLOUT) && connections[fd] && connections[fd]->reply) go_on(connections[fd]);
      if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && connections[fd]) read_more(connections[fd]);
    }
  }
}
