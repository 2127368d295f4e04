// GREETING is another one in each version.
const char* greeting(void) {
  return GREETING;
}
