/* A plugin for QEMU that counts the instructions that a program executes:
 *
 *     cc -shared -fPIC -o counter.so counter.c
 *     qemu-aarch64 -plugin file=counter.so,to=count.txt program
 *
 * When the program ends, it writes a line for each function into the file after `to=`:
 * the number, and the function's name, or `?` where the program has no symbol. Works
 * under every emulator of QEMU 7, for programs on one processor. */

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What QEMU offers to plugins of version 1; its own header is not installed with it. */
typedef uint64_t plugin_id;
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum operation { ADD_TO_64_BITS };

void qemu_plugin_register_vcpu_tb_trans_cb(
    plugin_id id, void (*call)(plugin_id id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(
    struct qemu_plugin_tb *block, enum operation what, void *to, uint64_t value);
void qemu_plugin_register_atexit_cb(
    plugin_id id, void (*call)(plugin_id id, void *given), void *given);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(
    const struct qemu_plugin_tb *block, size_t index);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *instruction);

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;

enum { MOST = 4096, LONGEST = 128 };

static struct {
    char name[LONGEST];
    uint64_t executed;
} functions[MOST] = {{.name = "?"}};
static int known = 1;
static char path[4096];

/* The counter of a function; the first one where there is no room for more. */
static uint64_t *counter_of(const char *name)
{
    if (name == NULL || name[0] == 0)
        return &functions[0].executed;
    for (int i = 0; i < known; i++)
        if (strncmp(functions[i].name, name, LONGEST - 1) == 0)
            return &functions[i].executed;
    if (known == MOST)
        return &functions[0].executed;
    strncpy(functions[known].name, name, LONGEST - 1);
    return &functions[known++].executed;
}

/* QEMU translates a block of instructions once; each time it runs, it adds its length. */
static void count_block(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(block, 0);
    qemu_plugin_register_vcpu_tb_exec_inline(
        block,
        ADD_TO_64_BITS,
        counter_of(qemu_plugin_insn_symbol(first)),
        qemu_plugin_tb_n_insns(block));
}

static void write_counts(plugin_id id, void *given)
{
    (void)id;
    (void)given;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return;
    for (int i = 0; i < known; i++)
        fprintf(file, "%" PRIu64 " %s\n", functions[i].executed, functions[i].name);
    fclose(file);
}

EXPORTED int qemu_plugin_install(
    plugin_id id, const struct qemu_info_t *info, int count, char **words)
{
    (void)info;
    if (count != 1 || strncmp(words[0], "to=", 3) || strlen(words[0]) >= sizeof path) {
        fprintf(stderr, "counter: give the path of a file as to=PATH\n");
        return -1;
    }
    strcpy(path, words[0] + 3);
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_atexit_cb(id, write_counts, NULL);
    return 0;
}
