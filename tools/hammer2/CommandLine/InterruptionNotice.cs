// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.CommandLine;

/// <summary>
/// Prints one line about the state of the work when SIGINT or SIGTERM ends a command. The process then ends by that
/// signal, as its caller expects.
/// </summary>
internal sealed class InterruptionNotice : IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM];

    private readonly Invocation _invocation;
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Handles the signals until it is disposed of.</summary>
    public InterruptionNotice(Invocation invocation)
    {
        _invocation = invocation;
        foreach (PosixSignal signal in Signals)
            _registrations.Add(PosixSignalRegistration.Create(signal, Say));
    }

    /// <summary>The line for the present state of a command.</summary>
    public static string Line(Invocation invocation) =>
        ByteText.ToPrintable($"hammer2: {invocation.Row.Name}: interrupted; {invocation.Interrupted()}") + "\n";

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }

    // Runs on another thread while the command continues, so it must not use the writer of the command. The signal is
    // not cancelled, which ends the process afterwards.
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
            // The error stream was closed by its reader; the process ends anyway.
        }
    }
}
