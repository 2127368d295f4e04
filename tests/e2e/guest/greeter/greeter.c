// A service that uses a library for as long as it runs.
#include <stdio.h>
#include <unistd.h>

const char* greeting(void);

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("GREETER pid=%d says=%s\n", (int)getpid(), greeting());
  for (;;)
    pause();
}
