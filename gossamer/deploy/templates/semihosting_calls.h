/* The calls that both kinds of processor have, by their numbers. */

static inline void semihosting_write(const char *text)
{
    semihosting_call(0x04, text);
}

static inline void semihosting_exit(int status)
{
    const intptr_t words[2] = {0x20026, status}; /* the application ended by itself */
    semihosting_call(0x20, words);
    for (;;) {
    }
}

/* Read a whole file into memory; whether it had as many bytes. */
static inline int semihosting_read(const char *name, void *to, size_t bytes)
{
    size_t length = 0;
    while (name[length])
        length++;
    const intptr_t open[3] = {(intptr_t)name, 1, (intptr_t)length}; /* "rb" */
    intptr_t file = semihosting_call(0x01, open);
    if (file < 0)
        return 0;
    const intptr_t read[3] = {file, (intptr_t)to, (intptr_t)bytes};
    intptr_t left = semihosting_call(0x06, read);
    semihosting_call(0x02, &file);
    return left == 0;
}
