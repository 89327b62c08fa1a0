/* Boot messages, then one command at a time: characters up to '%', an answer, "m-ready". */
#include "board.h"
#include "clock.h"
#include "commands.h"
#include "input.h"
#include "port.h"
#include "text.h"

#define COMMAND_CHARS 80
#define IN_DATA -1 /* as a line's length: what comes is a sample's digits, of which there may be any number */

int main(void) {
  static char line[COMMAND_CHARS + 1];
  int length = 0;

  port_init();
#if BOARD_ENERGY_MODE
  text_line("m-timestamp-mode-energy");
#else
  text_line("m-timestamp-mode-performance");
#endif
  command_timestamp();
  if (!clock_works()) text_line("e-[The cycle counter does not count]");
  text_line("m-init-done");
  text_line("m-ready");

  for (;;) {
    int character = port_getchar();
    if (character < 0) {
      clock_cycles();
      continue;
    }
    if (character == '%') {
      if (length == IN_DATA) {
        input_end();
      } else if (length > COMMAND_CHARS) {
        text_line("e-[Command longer than 80 characters]");
      } else {
        line[length] = 0;
        command_run(line);
      }
      text_line("m-ready");
      length = 0;
    } else if (character != '\r' && character != '\n') {
      if (length == 3 && input_follows(line, (char)character)) length = IN_DATA;
      if (length == IN_DATA) {
        input_digit((char)character);
      } else {
        if (length < COMMAND_CHARS) line[length] = (char)character;
        if (length <= COMMAND_CHARS) length++;
      }
    }
  }
}
