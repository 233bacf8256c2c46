// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.IO.Pipes;
using Concurrency;

namespace Hammer2.Tool.Snapshots;

/// <summary>Standard input as a pipe that another process can open by a path, whatever it is itself: a terminal, a file,
/// a socket.</summary>
internal sealed class ForwardedInput : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.Out, HandleInheritability.None, BufferBytes);

    private ForwardedInput()
    {
        int descriptor = (int)_pipe.ClientSafePipeHandle.DangerousGetHandle();
        Path = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{descriptor}");
    }

    /// <summary>Where the other process finds the end to read from.</summary>
    public string Path { get; }

    /// <summary>Begins to copy.</summary>
    public static ForwardedInput Start()
    {
        var input = new ForwardedInput();
        _ = SystemScheduler.Instance.Start("input", input.Copy);
        return input;
    }

    /// <inheritdoc/>
    public void Dispose() => _pipe.Dispose();

    private void Copy()
    {
        try
        {
            using Stream from = Console.OpenStandardInput();
            from.CopyTo(_pipe, BufferBytes);
        }
        catch (IOException)
        {
            // The reader has what it wanted, or has refused it and says why.
        }
        finally
        {
            _pipe.Dispose();
        }
    }
}
