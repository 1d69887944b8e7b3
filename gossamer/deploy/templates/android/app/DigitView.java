package org.gossamer.sample;

import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Color;
import android.graphics.Paint;
import android.graphics.Path;
import android.view.MotionEvent;
import android.view.View;

/** A square in which a finger draws white on black. */
final class DigitView extends View {
    /** Takes the drawing as a network sees digits, after each stroke. */
    interface Listener {
        void drawn(float[] pixels);
    }

    private static final int SIDE = 112;
    private static final float WIDTH = SIDE / 12f;

    private final Path path = new Path();
    private final Paint paint = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final Listener listener;

    DigitView(Context context, Listener listener) {
        super(context);
        this.listener = listener;
        paint.setColor(Color.WHITE);
        paint.setStyle(Paint.Style.STROKE);
        paint.setStrokeCap(Paint.Cap.ROUND);
        paint.setStrokeJoin(Paint.Join.ROUND);
        paint.setStrokeWidth(WIDTH);
    }

    void clear() {
        path.reset();
        invalidate();
    }

    @Override
    protected void onDraw(Canvas canvas) {
        super.onDraw(canvas);
        canvas.drawColor(Color.BLACK);
        canvas.scale(getWidth() / (float) SIDE, getHeight() / (float) SIDE);
        canvas.drawPath(path, paint);
    }

    @Override
    public boolean onTouchEvent(MotionEvent event) {
        float x = event.getX() * SIDE / getWidth();
        float y = event.getY() * SIDE / getHeight();
        switch (event.getActionMasked()) {
            case MotionEvent.ACTION_DOWN:
                path.moveTo(x, y);
                path.lineTo(x, y);
                break;
            case MotionEvent.ACTION_MOVE:
                path.lineTo(x, y);
                break;
            case MotionEvent.ACTION_UP:
                listener.drawn(DigitImage.of(ink(), SIDE));
                performClick();
                break;
            default:
                return super.onTouchEvent(event);
        }
        invalidate();
        return true;
    }

    @Override
    public boolean performClick() {
        return super.performClick();
    }

    /** How white each point is, from 0 to 1. */
    private float[] ink() {
        Bitmap bitmap = Bitmap.createBitmap(SIDE, SIDE, Bitmap.Config.ARGB_8888);
        new Canvas(bitmap).drawPath(path, paint);
        int[] colors = new int[SIDE * SIDE];
        bitmap.getPixels(colors, 0, SIDE, 0, 0, SIDE, SIDE);
        float[] values = new float[colors.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Color.alpha(colors[i]) / 255f;
        }
        return values;
    }
}
