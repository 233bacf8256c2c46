// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;

using var terminal = Terminal.OfThisProcess();
return Dispatcher.Run(Environment.GetCommandLineArgs()[0], args, terminal);
