// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace Hammer2.Benchmarks.Mount;

/// <summary>How a command ended and what it wrote.</summary>
internal readonly record struct ShellResult(int ExitCode, string Output, string Errors);

/// <summary>Runs command lines with sh, as a user would type them.</summary>
internal static class Shell
{
    /// <summary>A word that the shell takes as it is.</summary>
    internal static string Quote(string word)
        => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>
    /// Runs a command to its end; kills it with its children, exit code -1, after the limit.
    /// </summary>
    internal static ShellResult Run(string command, string directory, TimeSpan limit)
    {
        using Process process = Start(command, directory);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            return new ShellResult(-1, string.Empty, $"no end after {limit}: {command}");
        }
        return new ShellResult(process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>
    /// Runs a command that may leave a daemon behind. Its output goes to a file: a daemon that kept our pipe
    /// open would keep us waiting.
    /// </summary>
    internal static Process StartDetached(string command, string logFile)
        => Start($"exec >{Quote(logFile)} 2>&1 </dev/null; {command}", "/");

    private static Process Start(string command, string directory)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start) ?? throw new IOException($"/bin/sh did not start: {command}");
    }
}
