/* The commands of the EnergyRunner protocol and this firmware's additions (names that begin with x-). */
#ifndef COMMANDS_H
#define COMMANDS_H

/* Run one command; `line` is split in place. */
void command_run(char *line);
/* One time stamp line. */
void command_timestamp(void);

#endif
