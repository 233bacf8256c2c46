// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;
using Linux.Text;

StandardStreams.Fill();
using var terminal = Terminal.OfThisProcess();
string[] words;
try
{
    words = ProcessArguments.Restore(args);
}
catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
{
    terminal.Error.WriteLine($"hammer2: the bytes of an argument that is not UTF-8 cannot be read: {failure.Message}");
    return ExitCode.Usage;
}
return Dispatcher.Run(Environment.GetCommandLineArgs()[0], words, terminal);
