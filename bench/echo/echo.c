// Sends each packet back as a DNS response, 64 at a time: what recvmmsg and sendmmsg cost on this kernel, and nothing else.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 4096 };

static char bytes[BATCH][ROOM];
static struct sockaddr_in peers[BATCH];
static struct iovec pieces[BATCH];
static struct mmsghdr messages[BATCH];

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int size = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  inet_pton(AF_INET, "127.0.0.1", &own.sin_addr);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
    perror("bind");
    return 1;
  }
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  for (;;) {
    poll(&readable, 1, -1);
    for (int n = 0; n < BATCH; n++) {
      pieces[n] = (struct iovec){bytes[n], ROOM};
      messages[n].msg_hdr =
          (struct msghdr){.msg_name = &peers[n], .msg_namelen = sizeof peers[n], .msg_iov = &pieces[n], .msg_iovlen = 1};
    }
    int count = recvmmsg(fd, messages, BATCH, 0, NULL);
    for (int n = 0; n < count; n++) {
      pieces[n].iov_len = messages[n].msg_len;
      if (messages[n].msg_len > 2) bytes[n][2] |= (char)0x80;
    }
    for (int sent = 0; sent < count;) {
      int more = sendmmsg(fd, messages + sent, count - sent, 0);
      if (more <= 0) break;
      sent += more;
    }
  }
}
