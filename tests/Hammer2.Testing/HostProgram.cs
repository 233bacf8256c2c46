// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.IO;

namespace Hammer2.Testing;

/// <summary>Programs of the host, such as mount(8).</summary>
public static class HostProgram
{
    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="IOException">Its exit code is not 0.</exception>
    public static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode == 0) return;
        throw new IOException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
