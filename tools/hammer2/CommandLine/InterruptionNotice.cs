// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.CommandLine;

/// <summary>
/// Says in one line what was done and what was not when the keyboard or SIGTERM ends a command. The process then ends by
/// that signal, as its caller expects.
/// </summary>
internal sealed class InterruptionNotice : IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM];

    private readonly Invocation _invocation;
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Listens until it is disposed of.</summary>
    public InterruptionNotice(Invocation invocation)
    {
        _invocation = invocation;
        foreach (PosixSignal signal in Signals)
            _registrations.Add(PosixSignalRegistration.Create(signal, Say));
    }

    /// <summary>The line for a command in its present state.</summary>
    public static string Line(Invocation invocation) =>
        ByteText.ToPrintable($"hammer2: {invocation.Row.Name}: interrupted; {invocation.Interrupted()}") + "\n";

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }

    // On a thread of its own, while the command goes on: it must not share the command's writer. That the signal is not
    // cancelled ends the process right after.
    private void Say(PosixSignalContext context)
    {
        string clear = _invocation.Terminal.ErrorIsTerminal ? "\r\x1b[K" : "";
        try
        {
            using Stream error = Console.OpenStandardError();
            error.Write(Encoding.UTF8.GetBytes(clear + Line(_invocation)));
        }
        catch (IOException)
        {
            // The reader of the error stream has gone; the process ends all the same.
        }
    }
}
