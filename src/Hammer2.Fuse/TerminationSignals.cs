// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Hammer2.Fuse;

/// <summary>Calls a function on signals that request termination, instead of ending the process at once, which would
/// leave dead mounts and lose uncommitted changes; ignores other signals that would end the process.</summary>
internal sealed class TerminationSignals : IDisposable
{
    private static readonly PosixSignal[] Terminating =
        [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    // SIGUSR1, SIGUSR2 and SIGALRM.
    private static readonly PosixSignal[] Ignored = [(PosixSignal)10, (PosixSignal)12, (PosixSignal)14];

    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Handles signals until it is disposed of.</summary>
    /// <param name="stop">Called once for each signal, on a thread of the runtime.</param>
    public TerminationSignals(Action stop)
    {
        foreach (PosixSignal signal in Terminating)
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                stop();
            }));
        }
        foreach (PosixSignal signal in Ignored)
            _registrations.Add(PosixSignalRegistration.Create(signal, static context => context.Cancel = true));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _registrations.Clear();
    }
}
